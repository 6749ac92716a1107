using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training.Methods;

/// <summary>Keys and values in front of every layer's (Li and Liang 2021).</summary>
/// <param name="ProjectionSize">Width inside the two-layer network that makes the prefix of smaller embeddings; null: none.</param>
public sealed record PrefixTuning(int? ProjectionSize = null) : TrainingMethod
{
    public override PromptMethod Kind => PromptMethod.PrefixTuning;

    public override IReadOnlyList<TensorSlot> Tensors(ModelSpec spec, int virtualTokens)
    {
        var (_, heads, headSize) = KeyValuePrefix.ShapeOf(spec);
        var (width, input) = (PrefixLayout.WidthOf(spec), heads * headSize);
        return ProjectionSize is { } size
            ? [Embedding(virtualTokens, input), .. Linear("transform.0", input, size), .. Linear("transform.2", size, width)]
            : [Embedding(virtualTokens, width)];
    }
}
