namespace SoftPromptGrpc.Core.Inference;

/// <summary>How a session's memory of prompts has served.</summary>
/// <param name="Hits">Beginnings of sequences that were taken from it.</param>
/// <param name="Misses">Beginnings that had to be computed.</param>
/// <param name="Bytes">What it holds now.</param>
public readonly record struct PrefixUse(long Hits, long Misses, long Bytes);
