namespace SoftPromptGrpc.Backends.Torch.Packing;

/// <summary>Some queries of a segment, of one head.</summary>
/// <param name="Group">The head's keys and values.</param>
/// <param name="First">The first query, within the segment.</param>
/// <param name="Front">Keys in front of everything.</param>
internal readonly record struct QueryBlock(AttentionSegment Segment, int Group, int Head, int First, int Count, int Front, int? Window)
{
    /// <summary>Keys that its last query sees.</summary>
    public int Width => Seen(Count - 1);

    /// <summary>The end of the keys that a query sees.</summary>
    /// <param name="query">Within the block.</param>
    public int Seen(int query) => Front + Segment.StemLength + Segment.OwnLength - Segment.Count + First + query + 1;

    public int FirstSeen(int query) => Window is { } window ? Math.Max(0, Seen(query) - window) : 0;
}
