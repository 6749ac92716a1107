namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>
/// Rows of a fused matrix: <paramref name="Count"/> rows from <paramref name="First"/> in each of <paramref name="Blocks"/>
/// consecutive blocks of <paramref name="Stride"/> rows, which together are the whole matrix.
/// </summary>
internal readonly record struct RowBlocks(int First, int Count, int Stride, int Blocks = 1);

/// <summary>How to make a canonical tensor from one in the checkpoint.</summary>
/// <param name="Transposed">The source is [inputs, outputs].</param>
/// <param name="Rows">Which of the (transposed) source's rows; null: all.</param>
/// <param name="Added">Added to every number: 1 for norms whose checkpoints hold the weight less one.</param>
internal sealed record TensorRecipe(string Source, bool Transposed = false, RowBlocks? Rows = null, float Added = 0);
