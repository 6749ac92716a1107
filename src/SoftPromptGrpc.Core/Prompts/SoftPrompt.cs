using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Core.Prompts;

/// <summary>
/// Virtual tokens: rows that stand in front of a text's token embeddings (Lester et al. 2021, "The Power of Scale for
/// Parameter-Efficient Prompt Tuning").
/// </summary>
/// <param name="values">[virtualTokens, hiddenSize], row by row. Taken over, not copied: the caller lets go of it.</param>
public sealed class SoftPrompt(int virtualTokens, int hiddenSize, float[] values, string modelFingerprint)
    : ServedPrompt([virtualTokens, hiddenSize], virtualTokens, values, modelFingerprint)
{
    public int HiddenSize { get; } = hiddenSize;

    public override int Width => HiddenSize;

    public override string? MisfitWith(ModelSpec spec) =>
        HiddenSize == spec.EmbeddingSize ? null : $"it is {HiddenSize} wide, the model {spec.EmbeddingSize}";
}
