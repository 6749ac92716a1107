namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>The slopes of ALiBi (Press et al. 2022). The two orders differ where the number of heads is no power of two.</summary>
internal static class AlibiSlopes
{
    /// <summary>BLOOM and Falcon: those of the next lower power of two, then every other one of the next higher.</summary>
    public static float[] LowerFirst(int heads)
    {
        var lower = 1 << (int)Math.Log2(heads);
        return [.. Powers(lower, lower, 1), .. Powers(2 * lower, heads - lower, 2)];

        static IEnumerable<float> Powers(int of, int count, int step)
        {
            var slope = (float)Math.Pow(2, -8.0 / of);
            return Enumerable.Range(0, count).Select(i => MathF.Pow(slope, 1 + i * step));
        }
    }

    /// <summary>MPT: those of the next higher power of two, every second one first.</summary>
    public static float[] SecondsFirst(int heads)
    {
        var higher = 1 << (int)Math.Ceiling(Math.Log2(heads));
        float[] slopes = [.. Enumerable.Range(1, higher).Select(i => 1 / MathF.Pow(2, i * 8f / higher))];
        if (higher == heads)
            return slopes;
        var seconds = slopes.Where((_, i) => i % 2 == 1);
        return [.. seconds.Concat(slopes.Where((_, i) => i % 2 == 0)).Take(heads)];
    }
}
