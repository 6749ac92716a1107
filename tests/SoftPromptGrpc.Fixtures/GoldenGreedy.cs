namespace SoftPromptGrpc.Fixtures;

/// <summary>12 greedy tokens each, with no end of sequence.</summary>
/// <param name="Plain">After <paramref name="StartIds"/>.</param>
/// <param name="SoftPrompt">After the prompt and <paramref name="StartIds"/>.</param>
/// <param name="Rows">After each of <see cref="CausalGoldens.Rows"/>.</param>
public sealed record GoldenGreedy(int[] StartIds, int[] Plain, int[] SoftPrompt, int[][] Rows);
