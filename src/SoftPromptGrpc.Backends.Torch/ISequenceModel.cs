using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// H: hidden size.
/// <summary>A model as a session runs it: each sequence by itself, from its beginning.</summary>
internal interface ISequenceModel : IDisposable
{
    ModelSpec Spec { get; }

    /// <summary>What a prompt takes of its sequence's positions.</summary>
    int PositionsOf(ServedPrompt? prompt);

    /// <param name="encoderInput">For an encoder-decoder only.</param>
    /// <param name="tokens">Of the sequence.</param>
    /// <returns>Of the prompt's rows, where they are part of the sequence, and of the tokens: [rows, H].</returns>
    Tensor Forward(ServedPrompt? prompt, ReadOnlyMemory<int> encoderInput, IReadOnlyList<int> tokens);

    /// <param name="hidden">Rows of <see cref="Forward"/>.</param>
    /// <returns>[rows, vocabulary size].</returns>
    Tensor Head(Tensor hidden);
}

internal static class SequenceModel
{
    /// <summary>The model on the device. The caller disposes it.</summary>
    public static ISequenceModel Load(BaseModel model, Device device) => model.Spec switch
    {
        DecoderSpec spec => new SequenceDecoder(DecoderWeights.Load(spec, model.Weights, device, model.KeepsPrecision)),
        EncoderDecoderSpec spec => new SequenceEncoderDecoder(EncoderDecoderWeights.Load(spec, model.Weights, device, model.KeepsPrecision)),
        _ => throw new ArgumentOutOfRangeException(nameof(model), model.Spec.ModelType, null),
    };

    public static Tensor Ids(this Device device, IEnumerable<int> ids) => tensor(ids.ToArray(), int64).to(device);

    /// <summary>A prompt's numbers in its shape.</summary>
    public static Tensor Values(this Device device, ServedPrompt prompt) =>
        tensor(prompt.Values.ToArray()).view([.. prompt.Shape.Select(length => (long)length)]).to(device);
}
