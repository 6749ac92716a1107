using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>What a step needs, from sizes alone: the tensors that autograd keeps for the backward pass, in float32.</summary>
internal static class TrainingMemory
{
    // Kept per position and layer: norms, queries, keys, values, their rotated and repeated forms, attention, projections.
    private const int HiddenWidths = 16;

    // Up, gate, activation and their product.
    private const int MlpWidths = 4;

    // Logits, their log-softmax and its gradient.
    private const int LogitCopies = 3;

    /// <summary>In bytes, without the weights.</summary>
    public static long OfStep(ModelSpec spec, BatchShape batch)
    {
        var width = (HiddenWidths * (long)spec.HiddenSize) + (MlpWidths * (long)spec.MlpSize);
        var kept = (long)batch.Rows * batch.Positions * spec.LayerCount * width;
        return sizeof(float) * (kept + ((long)LogitCopies * batch.Targets * spec.VocabularySize));
    }
}
