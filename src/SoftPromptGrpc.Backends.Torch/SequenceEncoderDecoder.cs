using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Rows stand in front of the encoder's input, a prefix in front of the decoder's own keys and values.</summary>
/// <param name="weights">Taken over.</param>
internal sealed class SequenceEncoderDecoder(EncoderDecoderWeights weights) : ISequenceModel
{
    private readonly EncoderDecoder _model = new(weights);

    public ModelSpec Spec => weights.Spec;

    public int PositionsOf(ServedPrompt? prompt) => prompt is KeyValuePrefix prefix ? prefix.VirtualTokens : 0;

    public Tensor Forward(ServedPrompt? prompt, ReadOnlyMemory<int> encoderInput, IReadOnlyList<int> tokens)
    {
        using var scope = NewDisposeScope();
        var text = _model.Embed(_model.Device.Ids(encoderInput.ToArray()));
        var input = prompt is SoftPrompt rows ? cat([_model.Device.Values(rows), text], 0) : text;
        var prefix = prompt is KeyValuePrefix ? _model.Device.Values(prompt) : null;
        var output = _model.Embed(_model.Device.Ids(tokens)).unsqueeze(0);
        return _model.Decode(output, _model.Encode(input.unsqueeze(0)), mask: null, prefix)[0].MoveToOuterDisposeScope();
    }

    public Tensor Head(Tensor hidden) => _model.Head(hidden);

    public void Dispose() => weights.Dispose();
}
