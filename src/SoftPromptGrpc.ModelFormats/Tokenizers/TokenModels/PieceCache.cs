using System.Collections.Concurrent;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>The ids of pieces seen before: the first ones that fit, since frequent words come early. Safe from several threads.</summary>
internal sealed class PieceCache
{
    private const int Capacity = 20_000;
    private const int LongestPiece = 64;
    private readonly ConcurrentDictionary<string, int[]> _ids = new(StringComparer.Ordinal);
    private int _count;

    public bool TryGet(string piece, out int[] ids)
    {
        ids = [];
        return piece.Length <= LongestPiece && _ids.TryGetValue(piece, out ids!);
    }

    public void Add(string piece, ReadOnlySpan<int> ids)
    {
        if (piece.Length <= LongestPiece && Volatile.Read(ref _count) < Capacity && _ids.TryAdd(piece, ids.ToArray()))
            Interlocked.Increment(ref _count);
    }
}
