namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

/// <summary>What becomes of the matches of a split.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>A part of a text that is a match of a split, or lies between two.</summary>
internal readonly record struct Segment(int Start, int End, bool IsMatch);

internal static class SplitBehaviors
{
    public static SplitBehavior Read(TokenizerSection section) => section.Text switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        var other => throw section.Unsupported($"the behavior \"{other}\""),
    };

    public static void Cut(this SplitBehavior behavior, Piece piece, List<Segment> segments, List<Piece> pieces)
    {
        foreach (var (start, end) in behavior.Arrange(segments))
        {
            if (end > start)
                pieces.Add(new Piece(piece.Text[start..end], piece.IsFirst && start == 0));
        }
    }

    private static IEnumerable<(int Start, int End)> Arrange(this SplitBehavior behavior, List<Segment> segments) => behavior switch
    {
        SplitBehavior.Removed => segments.Where(s => !s.IsMatch).Select(s => (s.Start, s.End)),
        SplitBehavior.Isolated => segments.Select(s => (s.Start, s.End)),
        SplitBehavior.MergedWithPrevious => Merge(segments, (previous, s) => s.IsMatch && !previous.IsMatch),
        SplitBehavior.MergedWithNext => Merge(segments, (previous, s) => previous.IsMatch && !s.IsMatch),
        SplitBehavior.Contiguous => Merge(segments, (previous, s) => s.IsMatch == previous.IsMatch),
    };

    private static List<(int Start, int End)> Merge(List<Segment> segments, Func<Segment, Segment, bool> joins)
    {
        var merged = new List<(int Start, int End)>(segments.Count);
        for (var i = 0; i < segments.Count; i++)
        {
            var (start, end, _) = segments[i];
            if (i > 0 && joins(segments[i - 1], segments[i]))
                merged[^1] = (merged[^1].Start, end);
            else
                merged.Add((start, end));
        }
        return merged;
    }
}
