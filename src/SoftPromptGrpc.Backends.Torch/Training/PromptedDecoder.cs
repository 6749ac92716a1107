using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

// B: examples, P: rows of the preamble, T: tokens.
/// <summary>The preamble stands in front of the one sequence that holds input and target.</summary>
/// <param name="weights">Taken over.</param>
internal sealed class PromptedDecoder(DecoderWeights weights) : IPromptedModel
{
    private readonly Decoder _decoder = new(weights);

    public ModelSpec Spec => weights.Spec;

    public Device Device => weights.Device;

    public Tensor Embed(Tensor ids) => _decoder.Embed(ids);

    public Tensor KeysValues(Tensor embeddings) => _decoder.KeysValues(embeddings);

    public Prediction Predict(Preamble preamble, IReadOnlyList<TrainingExample> examples)
    {
        var batch = Batch.Of(examples, preamble.RowCount, Device);
        using var scope = NewDisposeScope();
        var embeddings = preamble.InFrontOf(Embed(batch.Ids), batch.Tasks);                         // [B, P + T, H]
        var hidden = _decoder.Forward(embeddings, preamble.Prefix).flatten(0, 1);                   // [B * (P + T), H]
        var logits = _decoder.Head(hidden.index_select(0, batch.Rows)).MoveToOuterDisposeScope();
        return new Prediction(logits, batch.Targets);
    }

    public void Dispose()
    {
        _decoder.Dispose();
        weights.Dispose();
    }
}
