using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training.Methods;

/// <summary>Virtual tokens learned directly (Lester et al. 2021).</summary>
public sealed record PromptTuning(Waywardness? Waywardness = null) : TrainingMethod
{
    public override PromptMethod Kind => PromptMethod.PromptTuning;

    public override IReadOnlyList<TensorSlot> Tensors(ModelSpec spec, int virtualTokens) =>
        [Embedding(virtualTokens, spec.EmbeddingSize) with { IdleRows = spec is EncoderDecoderSpec ? virtualTokens : 0 }];
}

/// <summary>
/// Khashabi et al. 2021, "Prompt Waywardness": the loss grows by <paramref name="Gamma"/> times the squared distance between a virtual
/// token and its token of a text, averaged over the virtual tokens as in google-research/prompt-tuning. What is reported stays the
/// loss of the task.
/// </summary>
/// <param name="Text">At least one id; repeated or cut to the number of virtual tokens.</param>
public sealed record Waywardness(int[] Text, double Gamma);
