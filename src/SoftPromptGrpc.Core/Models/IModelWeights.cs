namespace SoftPromptGrpc.Core.Models;

/// <summary>
/// The canonical tensors of one checkpoint (<see cref="ModelSpec.Tensors"/>), read on demand as float32 whatever the file holds.
/// Safe to read from several threads. The owner disposes it after the last backend that reads from it.
/// </summary>
public interface IModelWeights : IDisposable
{
    /// <exception cref="KeyNotFoundException">The checkpoint has no such tensor.</exception>
    IReadOnlyList<int> Shape(string name);

    /// <summary>What the file holds. All numbers that are read convert back to it without loss.</summary>
    WeightPrecision PrecisionOf(string name) => WeightPrecision.Full;

    /// <summary>The whole tensor, row by row.</summary>
    /// <param name="destination">Exactly as long as the tensor has elements.</param>
    void Read(string name, Span<float> destination);

    /// <summary>One row of a matrix: a token's embedding, say.</summary>
    /// <param name="destination">Exactly as long as a row.</param>
    void ReadRow(string name, int row, Span<float> destination);
}
