using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>What a step needs, from sizes alone: the tensors that autograd keeps for the backward pass, in float32.</summary>
internal static class TrainingMemory
{
    // Logits, their log-softmax and its gradient.
    private const int LogitCopies = 3;

    // What the first pass of a process leaves: buffers of the math library, compiled code.
    private const long Constant = 64 << 20;

    /// <summary>In bytes, without the weights.</summary>
    /// <param name="tokensPerPass">As <see cref="TorchOptions.TokensPerPass"/>.</param>
    public static long OfStep(ModelSpec spec, BatchShape batch, int tokensPerPass)
    {
        long own = batch.Positions - batch.Shared;
        var tokens = Math.Min(batch.Rows * own, Math.Max(own, tokensPerPass));
        var kept = (tokens + batch.Shared) * spec.LayerCount * WidthOf(spec);
        return Constant + (sizeof(float) * (kept + (LogitCopies * Math.Min(batch.Targets, tokens) * spec.VocabularySize)));
    }

    /// <summary>Numbers kept per position and layer.</summary>
    private static long WidthOf(ModelSpec spec)
    {
        // In and out of attention and of the MLP: a decoder's attention is one operation, an encoder-decoder's several, and padded.
        var (hidden, mlp) = spec switch
        {
            DecoderSpec { GatedMlp: true } => (10, 3),
            DecoderSpec => (10, 2),
            _ => (16, 4),
        };
        return (hidden * (long)spec.HiddenSize) + (mlp * (long)spec.MlpSize);
    }
}
