using System.Numerics.Tensors;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Prompts.Inspection;

/// <summary>A prompt as a row of numbers for each virtual token: its embedding, or all its keys and values.</summary>
internal sealed class PromptRows
{
    private readonly ReadOnlyMemory<float> _values;

    private PromptRows(int count, ReadOnlyMemory<float> values) => (Count, Width, _values) = (count, values.Length / count, values);

    public int Count { get; }

    public int Width { get; }

    public ReadOnlySpan<float> this[int row] => _values.Span.Slice(row * Width, Width);

    public static PromptRows Of(ServedPrompt prompt) => new(
        prompt.VirtualTokens, prompt is KeyValuePrefix prefix ? PrefixLayout.ToRows(prefix) : prompt.Values);

    /// <summary>The prompt without one of its virtual tokens; null: it has no other.</summary>
    public static ServedPrompt? Without(ServedPrompt prompt, int row)
    {
        var rows = Of(prompt);
        if (rows.Count == 1)
            return null;
        float[] left = [.. rows._values.Span[..(row * rows.Width)], .. rows._values.Span[((row + 1) * rows.Width)..]];
        return prompt is KeyValuePrefix prefix
            ? PrefixLayout.FromRows(left, rows.Count - 1, prefix.LayerCount, prefix.HeadCount, prefix.HeadSize, prompt.ModelFingerprint)
            : new SoftPrompt(rows.Count - 1, rows.Width, left, prompt.ModelFingerprint);
    }

    public float[] Average()
    {
        var sum = new double[Width];
        for (var row = 0; row < Count; row++)
        {
            var values = this[row];
            for (var i = 0; i < sum.Length; i++)
                sum[i] += values[i];
        }
        return [.. sum.Select(value => (float)(value / Count))];
    }

    /// <summary>For each row, the other one with the highest cosine, where that is over a limit; else -1.</summary>
    public int[] NearDuplicates(double limit, CancellationToken cancellationToken)
    {
        var (nearest, highest) = (new int[Count], new double[Count]);
        Array.Fill(nearest, -1);
        Array.Fill(highest, limit);
        double[] norms = [.. Enumerable.Range(0, Count).Select(row => (double)TensorPrimitives.Norm(this[row]))];
        for (var a = 0; a < Count; a++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var b = 0; b < a; b++)
            {
                var cosine = Vectors.Cosine(TensorPrimitives.Dot(this[a], this[b]), norms[a], norms[b]);
                if (cosine > highest[a])
                    (nearest[a], highest[a]) = (b, cosine);
                if (cosine > highest[b])
                    (nearest[b], highest[b]) = (a, cosine);
            }
        }
        return nearest;
    }
}
