namespace SoftPromptGrpc.Fixtures;

/// <summary>What the reference computed for one padded batch.</summary>
/// <param name="Loss">Mean over the targets.</param>
/// <param name="Logits">[rows, Columns, Vocabulary]. Undefined where the input is padding.</param>
/// <param name="Columns">Positions in a row, virtual tokens included.</param>
public sealed record GoldenOutput(double Loss, float[] Logits, int Columns, int Vocabulary)
{
    public ReadOnlySpan<float> At(int row, int column) => Logits.AsSpan((row * Columns + column) * Vocabulary, Vocabulary);
}
