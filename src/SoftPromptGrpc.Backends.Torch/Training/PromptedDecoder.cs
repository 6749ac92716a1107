using SoftPromptGrpc.Backends.Torch.Packing;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>The preamble stands in front of the one sequence that holds input and target.</summary>
/// <param name="weights">Taken over.</param>
internal sealed class PromptedDecoder(DecoderWeights weights) : IPromptedModel
{
    private readonly Decoder _decoder = new(weights);

    public ModelSpec Spec => weights.Spec;

    public Device Device => weights.Device;

    public Tensor Embed(Tensor ids) => _decoder.Embed(ids);

    public Tensor KeysValues(Tensor embeddings, Tensor? prefix = null) => _decoder.KeysValues(embeddings, prefix);

    public Prediction Predict(Preamble preamble, IReadOnlyList<TrainingExample> examples)
    {
        using var scope = NewDisposeScope();
        var rows = (preamble as RowPreamble)?.Rows;
        var first = (int)(preamble.Prefix?.shape[3] ?? 0);
        var batch = PackedBatch.Of(examples, preamble.RowCount, hasTasks: rows?.dim() == 3, first);
        var logits = _decoder.Head(_decoder.ForwardPacked(batch, preamble.RowCount > 0 ? rows : null, preamble.Prefix));
        return new Prediction(logits.MoveToOuterDisposeScope(), tensor(batch.Targets.ToArray()).to(Device).MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        _decoder.Dispose();
        weights.Dispose();
    }
}
