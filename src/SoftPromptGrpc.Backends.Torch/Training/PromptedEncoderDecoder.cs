using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

// B: examples, P: rows of the preamble, S: input tokens, T: target tokens.
/// <summary>Rows stand in front of the encoder's input, a prefix in front of the decoder's own keys and values.</summary>
/// <param name="weights">Taken over.</param>
internal sealed class PromptedEncoderDecoder(EncoderDecoderWeights weights) : IPromptedModel
{
    private readonly EncoderDecoder _model = new(weights);

    public ModelSpec Spec => weights.Spec;

    public Device Device => weights.Device;

    public Tensor Embed(Tensor ids) => _model.Embed(ids);

    public Tensor KeysValues(Tensor embeddings, Tensor? prefix = null) => throw new SoftPromptException(
        ErrorKind.Unsupported, "A prefix cannot begin with a text here: an encoder-decoder's keys and values depend on the input.");

    public Prediction Predict(Preamble preamble, IReadOnlyList<TrainingExample> examples)
    {
        var batch = EncoderDecoderBatch.Of(examples, preamble.RowCount, weights.Spec.DecoderStart, Device);
        using var scope = NewDisposeScope();
        var input = preamble.InFrontOf(Embed(batch.Inputs), batch.Tasks);                           // [B, P + S, H]
        var encoded = _model.Encode(input, batch.Mask);
        var hidden = _model.Decode(Embed(batch.Outputs), encoded, batch.Mask, preamble.Prefix);     // [B, T, H]
        var logits = _model.Head(hidden.flatten(0, 1).index_select(0, batch.Rows)).MoveToOuterDisposeScope();
        return new Prediction(logits, batch.Targets);
    }

    public void Dispose() => weights.Dispose();
}
