using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <param name="weights">Taken over.</param>
internal sealed class SequenceDecoder(DecoderWeights weights) : ISequenceModel
{
    private readonly Decoder _decoder = new(weights);

    public ModelSpec Spec => weights.Spec;

    public int PositionsOf(ServedPrompt? prompt) => prompt?.VirtualTokens ?? 0;

    public Tensor Forward(ServedPrompt? prompt, ReadOnlyMemory<int> encoderInput, IReadOnlyList<int> tokens)
    {
        using var scope = NewDisposeScope();
        var text = _decoder.Embed(_decoder.Device.Ids(tokens));
        var embeddings = prompt is SoftPrompt rows ? cat([_decoder.Device.Values(rows), text], 0) : text;
        var prefix = prompt is KeyValuePrefix ? _decoder.Device.Values(prompt) : null;
        return _decoder.Forward(embeddings.unsqueeze(0), prefix)[0].MoveToOuterDisposeScope();
    }

    public Tensor Head(Tensor hidden) => _decoder.Head(hidden);

    public void Dispose()
    {
        _decoder.Dispose();
        weights.Dispose();
    }
}
