using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Plain;

// B: examples, P: rows of the preamble, T: tokens.
/// <summary>
/// Training as PEFT does it: examples padded to one width, the prompt repeated in front of each, logits for every row. The oracle and the
/// baseline of what the backend does instead.
/// </summary>
/// <param name="weights">Taken over.</param>
/// <param name="width">Tokens that examples are padded to; null: those of the longest in a batch.</param>
internal sealed class PlainDecoder(DecoderWeights weights, int? width = null) : IPromptedModel
{
    private readonly Decoder _decoder = new(weights);

    public ModelSpec Spec => weights.Spec;

    public Device Device => weights.Device;

    public Tensor Embed(Tensor ids) => _decoder.Embed(ids);

    public Tensor KeysValues(Tensor embeddings, Tensor? prefix = null) => _decoder.KeysValues(embeddings, prefix);

    /// <summary>One row of logits for each row of the batch; where nothing is asked the target is one that cross entropy ignores.</summary>
    public Prediction Predict(Preamble preamble, IReadOnlyList<TrainingExample> examples)
    {
        var batch = PaddedBatch.Of(examples, preamble.RowCount, width);
        return new Prediction(Logits(preamble, batch), batch.Labels.flatten());
    }

    /// <summary>As the backend tells it: one row of logits for each target.</summary>
    public Prediction PredictTargets(Preamble preamble, IReadOnlyList<TrainingExample> examples)
    {
        var batch = PaddedBatch.Of(examples, preamble.RowCount, width);
        return new Prediction(Logits(preamble, batch).index_select(0, batch.Rows), batch.Targets);
    }

    public void Dispose()
    {
        _decoder.Dispose();
        weights.Dispose();
    }

    /// <summary>[B * (P + T), vocabulary size].</summary>
    private Tensor Logits(Preamble preamble, PaddedBatch batch)
    {
        var embeddings = preamble.InFrontOf(Embed(batch.Ids), batch.Tasks);
        return _decoder.Head(_decoder.Forward(embeddings, preamble.Prefix)).flatten(0, 1);
    }
}
