using System.Numerics;
using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>Where a graph writes its rows of logits.</summary>
internal sealed class LogitsBuffer(int vocabularySize) : IDisposable
{
    // A larger buffer is given back when far less is wanted, in elements.
    private const long KeptLogits = 1 << 24;

    private NativeBuffer<float> _logits = new(vocabularySize);

    /// <summary>All rows.</summary>
    public ReadOnlySpan<float> All => _logits.Slice(0, checked((int)_logits.Length));

    /// <summary>Where logits are that nobody wants.</summary>
    public int SpareRow => (int)(_logits.Length / vocabularySize) - 1;

    public Span<float> Row(int row) => _logits.Slice((long)row * vocabularySize, vocabularySize);

    /// <summary>Rows as an output: [count, vocabulary].</summary>
    public OrtValue Tensor(int row, int count) => _logits.Tensor((long)row * vocabularySize, count, vocabularySize);

    /// <summary>Makes room for so many rows. What was in them is lost.</summary>
    /// <returns>Whether they moved: every tensor over them is stale then.</returns>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: more than one buffer can hold.</exception>
    public bool Reserve(int rows)
    {
        // One more, for calls whose logits nobody wants.
        var length = (rows + 1L) * vocabularySize;
        if (length > Array.MaxLength)
            throw new SoftPromptException(ErrorKind.Overloaded, "One step asks for too many rows of logits.");
        if (length <= _logits.Length && _logits.Length <= Math.Max(KeptLogits, 4 * length))
            return false;
        var roomy = (BitOperations.RoundUpToPowerOf2((uint)rows) + 1L) * vocabularySize;
        var logits = new NativeBuffer<float>(Math.Min(Array.MaxLength, roomy));
        _logits.Dispose();
        _logits = logits;
        return true;
    }

    public void Dispose() => _logits.Dispose();
}
