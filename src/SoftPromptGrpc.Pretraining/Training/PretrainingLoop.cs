using SoftPromptGrpc.Backends.Torch;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Pretraining.Training;

/// <param name="Step">From 1.</param>
/// <param name="Loss">Nats per token, before this step's update.</param>
internal sealed record PretrainingStep(int Step, double Loss, double LearningRate, double GradientNorm);

/// <summary>Next-token training of all weights. Owns the optimizer; the weights stay the caller's.</summary>
internal sealed class PretrainingLoop : IDisposable
{
    private readonly PretrainingSettings _settings;
    private readonly PackedTokens _tokens;
    private readonly GradientWorkers _workers;
    private readonly Tensor[] _parameters;
    private readonly AdamW _optimizer;
    private readonly IReadOnlyList<int> _answers;
    private readonly int _vocabularySize;

    /// <param name="answers">Tokens that <see cref="PretrainingSettings.AnswerWeight"/> is for.</param>
    public PretrainingLoop(DecoderWeights weights, PretrainingSettings settings, PackedTokens tokens, IReadOnlyList<int> answers)
    {
        (_settings, _tokens, _answers, _vocabularySize) = (settings, tokens, answers, weights.Spec.VocabularySize);
        _workers = new GradientWorkers(weights, settings);
        _parameters = [.. weights.Named.Select(w => w.Tensor)];
        _optimizer = new AdamW(_parameters, settings.WeightDecay);
    }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    public PretrainingStep Advance()
    {
        using var scope = NewDisposeScope();
        var step = Step + 1;
        var (inputs, targets) = _tokens.Batch(Step, _settings.TokensPerStep);
        var (loss, gradients) = _workers.Run(inputs, targets, _settings.SequenceLengthAt(step), TokenWeights(_settings.AnswerWeightAt(step)));
        var norm = stack(gradients.Select(g => g.norm())).norm();
        var learningRate = _settings.LearningRateAt(step);
        _optimizer.Step(step, learningRate, gradients, clamp(_settings.ClipNorm / (norm + 1e-6), max: 1));
        foreach (var gradient in gradients)
            gradient.Dispose();
        Step = step;
        return new PretrainingStep(step, loss, learningRate, norm.item<float>());
    }

    /// <summary>Mean loss over consecutive rows, without training.</summary>
    public static double Evaluate(DecoderWeights weights, PackedTokens tokens, int sequenceLength)
    {
        using var noGradient = no_grad();
        using var decoder = new Decoder(weights);
        var batches = (tokens.Count - 1) / sequenceLength;
        var sum = 0.0;
        for (var batch = 0; batch < batches; batch++)
        {
            using var scope = NewDisposeScope();
            var (inputs, targets) = tokens.Batch(batch, sequenceLength);
            sum += GradientWorkers.Loss(decoder, inputs, targets, sequenceLength).item<float>();
        }
        return sum / batches;
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(Step);
        foreach (var tensor in State)
            writer.Write(tensor.bytes);
    }

    public void Restore(BinaryReader reader)
    {
        using var noGradient = no_grad();
        Step = reader.ReadInt32();
        foreach (var tensor in State)
            reader.BaseStream.ReadExactly(tensor.bytes);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _workers.Dispose();
    }

    /// <summary>null: all are 1.</summary>
    private Tensor? TokenWeights(double answerWeight)
    {
        if (answerWeight == 1)
            return null;
        var weights = ones(_vocabularySize);
        foreach (var id in _answers)
            weights[id] = answerWeight;
        return weights;
    }

    private IEnumerable<Tensor> State => _parameters.Concat(_optimizer.FirstMoments).Concat(_optimizer.SecondMoments);
}
