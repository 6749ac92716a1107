namespace SoftPromptGrpc.Core.Models;

/// <summary>What generation_config.json (or config.json) says about ends of sequences.</summary>
/// <param name="EndOfSequence">Ids that end a generation; several in newer models, none in some.</param>
/// <param name="ForcedFirst">The token that every output of an encoder-decoder begins with, whatever the model would choose.</param>
/// <param name="ForcesEnd">An encoder-decoder's output that reaches its limit has the end of sequence as its last token.</param>
public sealed record GenerationDefaults(
    int? BeginningOfSequence, IReadOnlyList<int> EndOfSequence, int? Padding, int? ForcedFirst = null, bool ForcesEnd = false);

/// <summary>A frozen checkpoint, loaded once and shared by every backend.</summary>
/// <param name="Id">The name that configuration and requests use.</param>
/// <param name="Fingerprint">
/// SHA-256 in lower-case hexadecimal over the spec and every canonical tensor: the same for the same weights however they are
/// sharded or named, different for any other model.
/// </param>
/// <param name="Tokenizer">Null for a checkpoint without one: it serves token ids only.</param>
/// <param name="ParameterCount">How many numbers the weights hold, a tied head counted once.</param>
public sealed record BaseModel(
    string Id,
    string Fingerprint,
    ModelSpec Spec,
    IModelWeights Weights,
    ITokenizer? Tokenizer,
    GenerationDefaults Generation,
    long ParameterCount)
{
    /// <summary>What text that the model shall learn or score as its output begins with; null: nothing of its own.</summary>
    public int? OutputBeginning => Spec is EncoderDecoderSpec ? Generation.ForcedFirst : null;

    public bool ForcesEndOfOutput => Spec is EncoderDecoderSpec && Generation.ForcesEnd;

    /// <summary>
    /// Matrices that the checkpoint holds in 16 bits stay so in memory, in backends that can: half the memory, more time, and still
    /// float32 arithmetic. Otherwise all weights become float32 when they are loaded.
    /// </summary>
    public bool KeepsPrecision { get; init; }

    public ServingPrecision ServingPrecision { get; init; }

    /// <summary>What the weights take in memory, in bytes.</summary>
    /// <param name="keepsPrecision">As <see cref="KeepsPrecision"/>.</param>
    public long WeightBytes(bool keepsPrecision) => Spec.Tensors().Sum(tensor =>
    {
        var isKept = keepsPrecision && tensor.Shape.Length > 1 && Weights.PrecisionOf(tensor.Name) != WeightPrecision.Full;
        return tensor.Shape.Aggregate((long)(isKept ? sizeof(ushort) : sizeof(float)), (bytes, length) => bytes * length);
    });
}
