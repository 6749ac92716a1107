using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <param name="Logits">[target tokens, vocabulary size].</param>
/// <param name="Targets">[target tokens]: what the logits should predict, example by example.</param>
internal readonly record struct Prediction(Tensor Logits, Tensor Targets);

/// <summary>A frozen model that sees the same preamble with every example.</summary>
internal interface IPromptedModel : IDisposable
{
    ModelSpec Spec { get; }

    Device Device { get; }

    /// <param name="ids">int64 of any shape, on the model's device.</param>
    /// <returns>[..., embedding size].</returns>
    Tensor Embed(Tensor ids);

    /// <summary>What every layer keeps of a text for those behind it.</summary>
    /// <param name="embeddings">[tokens, embedding size].</param>
    /// <param name="prefix">What stands in front of the text.</param>
    /// <returns>As <see cref="PrefixPreamble"/> takes it.</returns>
    /// <exception cref="Core.SoftPromptException"><see cref="Core.ErrorKind.Unsupported"/>: it has none without an input.</exception>
    Tensor KeysValues(Tensor embeddings, Tensor? prefix = null);

    /// <summary>Predicts the examples' targets in one pass. The tensors belong to the current dispose scope.</summary>
    /// <param name="preamble">Has rows where an example's input is empty: something must predict its first target.</param>
    Prediction Predict(Preamble preamble, IReadOnlyList<TrainingExample> examples);
}

internal static class PromptedModel
{
    /// <summary>The model on the device. The caller disposes it.</summary>
    public static IPromptedModel Load(BaseModel model, Device device) => model.Spec switch
    {
        DecoderSpec spec => new PromptedDecoder(DecoderWeights.Load(spec, model.Weights, device, model.KeepsPrecision)),
        EncoderDecoderSpec spec => new PromptedEncoderDecoder(EncoderDecoderWeights.Load(spec, model.Weights, device, model.KeepsPrecision)),
        _ => throw new ArgumentOutOfRangeException(nameof(model), model.Spec.ModelType, null),
    };
}
