using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.Core.Training;

/// <summary>The tensors that a method's training begins with. The same seed gives the same ones.</summary>
public sealed class TrainableInitializer(BaseModel model, int virtualTokens, long seed)
{
    /// <summary>Apart from every other stream that a training draws from.</summary>
    private const long SeedStream = -3;

    private const double TaskDeviation = 0.02;

    private readonly SeededRandom _random = SeededRandom.For(seed, SeedStream);

    /// <summary>For methods that end in rows.</summary>
    /// <param name="rows">
    /// What prompt tuning would begin with: the embedding of an encoder (for both halves, where it has rows for both), the shared prompt of
    /// tasks.
    /// </param>
    public TrainablePrompt FromRows(TrainingMethod method, SoftPrompt rows) =>
        Create(method, slot => slot.Name is MultitaskPromptTuning.Columns or MultitaskPromptTuning.Rows ? TaskFactor(slot)
            : slot.FanIn > 0 ? Uniform(slot)
            : Repeated(rows.Values.Span, slot.Length));

    /// <summary>A prefix from a standard normal distribution, as PEFT's.</summary>
    public TrainablePrompt RandomPrefix(TrainingMethod method) => Create(method, slot => slot.FanIn > 0 ? Uniform(slot) : Normal(slot, 1));

    /// <summary>A prefix of zeros. One that comes from a projection is zero because its last layer is.</summary>
    public TrainablePrompt ZeroPrefix(TrainingMethod method) => Create(method, slot => method is PrefixTuning { ProjectionSize: not null }
        ? slot.Name.StartsWith("transform.2.", StringComparison.Ordinal) ? new float[slot.Length]
            : slot.FanIn > 0 ? Uniform(slot) : Normal(slot, 1)
        : new float[slot.Length]);

    /// <summary>An existing prefix, for methods that train the numbers themselves.</summary>
    public TrainablePrompt FromPrefix(TrainingMethod method, KeyValuePrefix prefix)
    {
        var rows = PrefixLayout.ToRows(model.Spec is EncoderDecoderSpec ? PrefixLayout.Undealt(prefix) : prefix);
        var taken = 0;
        return Create(method, slot => rows[taken..(taken += slot.Length)]);
    }

    private TrainablePrompt Create(TrainingMethod method, Func<TensorSlot, float[]> fill) => new(
        virtualTokens,
        method.Tensors(model.Spec, virtualTokens).Select(slot => new TrainableTensor(slot.Name, fill(slot))),
        model.Fingerprint);

    private float[] Uniform(TensorSlot slot)
    {
        var bound = 1 / Math.Sqrt(slot.FanIn);
        return Fill(slot, _ => bound * (2 * _random.NextDouble() - 1));
    }

    private float[] Normal(TensorSlot slot, double deviation) => Fill(slot, _ => deviation * _random.NextNormal());

    /// <summary>
    /// PEFT begins with small normals on both sides, whose product all but erases the prompt. Here the first rank is 1 and the
    /// others are small, so that every task begins near the shared prompt and no two ranks move alike.
    /// </summary>
    private float[] TaskFactor(TensorSlot slot)
    {
        var (ranks, width) = slot.Name == MultitaskPromptTuning.Columns ? (slot.Shape[2], 1) : (slot.Shape[1], slot.Shape[2]);
        return Fill(slot, i => i / width % ranks == 0 ? 1 : TaskDeviation * _random.NextNormal());
    }

    private static float[] Repeated(ReadOnlySpan<float> values, int length)
    {
        var repeated = new float[length];
        for (var i = 0; i < length; i += values.Length)
            values.CopyTo(repeated.AsSpan(i));
        return repeated;
    }

    private static float[] Fill(TensorSlot slot, Func<int, double> value)
    {
        var values = new float[slot.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)value(i);
        return values;
    }
}
