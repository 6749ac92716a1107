namespace SoftPromptGrpc.Core.Inference;

/// <summary>What a backend expects an open model to take, in bytes.</summary>
/// <param name="Weights">Memory with no sequence open.</param>
/// <param name="Position">Memory for each position of each open sequence.</param>
/// <param name="Disk">Files that it writes once; 0 where it writes none.</param>
public sealed record InferenceMemory(long Weights, long Position, long Disk);
