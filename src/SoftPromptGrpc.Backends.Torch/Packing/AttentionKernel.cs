using System.Buffers;

namespace SoftPromptGrpc.Backends.Torch.Packing;

// R: rows, Q: rows that ask, F: positions in front of everything, H: query heads, G: key/value heads, D: head size.
/// <summary>Where a layer's tensors, or their gradients, are.</summary>
/// <param name="Queries">[Q, H, D].</param>
/// <param name="Keys">[R, G, D].</param>
/// <param name="Values">[R, G, D].</param>
/// <param name="Front">Keys and values: [2, G, F, D]; 0 where F is 0.</param>
internal readonly record struct AttentionOperands(Matrix Queries, Matrix Keys, Matrix Values, nint Front);

/// <summary>
/// Attention of one key/value head and the query heads that share it, on the calling thread: blocks of queries by keys, the
/// probabilities computed again on the way back (Dao 2023). Segments come in their order, so sums over them are the same bits always.
/// </summary>
internal sealed unsafe class AttentionKernel(AttentionRule rule, AttentionLayout layout, int front, AttentionOperands x)
{
    private const int BlockRows = 16;

    private readonly int _size = rule.HeadSize;
    private readonly int _keys = front + layout.Segments.Max(segment => segment.StemLength + segment.OwnLength);

    /// <param name="group">Which key/value head.</param>
    /// <param name="outputs">[Q, H, D].</param>
    /// <param name="logSums">Of the exponentials of a query's scores: [Q, H].</param>
    public void Forward(int group, Matrix outputs, nint logSums)
    {
        var buffer = ArrayPool<float>.Shared.Rent(BlockRows * _keys);
        fixed (float* scores = buffer)
        {
            foreach (var block in Blocks(group))
            {
                var s = new Matrix((nint)scores, _keys);
                SetScores(block, s);
                var output = Of(outputs, block);
                for (var i = 0; i < block.Count; i++)
                {
                    LogSum(logSums, block, i) = SoftMax.Forward(s.At(i), block.FirstSeen(i), block.Seen(i), block.Width);
                    new Span<float>(output.At(i), _size).Clear();
                }
                foreach (var part in Parts(block, x, isValue: true))
                    SmallProducts.Add(s.Columns(part.Column), part.Rows, output, block.Count, _size, part.Count);
            }
        }
        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <param name="outputs">What <see cref="Forward"/> gave.</param>
    /// <param name="gradients">Of the outputs.</param>
    /// <param name="into">Added to; all 0 at first.</param>
    public void Backward(int group, Matrix outputs, nint logSums, Matrix gradients, AttentionOperands into)
    {
        var buffer = ArrayPool<float>.Shared.Rent(3 * BlockRows * _keys);
        fixed (float* start = buffer)
        {
            var (p, s, slopes) = (Scratch(start, 0), Scratch(start, 1), Scratch(start, 2));
            foreach (var block in Blocks(group))
            {
                SetScores(block, p, rule.SoftCap is null ? null : slopes);
                var (output, gradient) = (Of(outputs, block), Of(gradients, block));
                foreach (var part in Parts(block, x, isValue: true))
                    SmallProducts.SetByRows(gradient, part.Rows, s.Columns(part.Column), block.Count, part.Count, _size);
                for (var i = 0; i < block.Count; i++)
                {
                    var delta = SmallProducts.Dot(output.At(i), gradient.At(i), _size);
                    SoftMax.Backward(
                        p.At(i), s.At(i), rule.SoftCap is null ? null : slopes.At(i), block.FirstSeen(i), block.Seen(i), block.Width,
                        LogSum(logSums, block, i), delta, rule.Scale);
                }
                AddGradients(block, p, s, gradient, into);
            }
        }
        ArrayPool<float>.Shared.Return(buffer);
    }

    private Matrix Scratch(float* start, int index) => new((nint)(start + ((long)index * BlockRows * _keys)), _keys);

    private void AddGradients(QueryBlock block, Matrix p, Matrix s, Matrix gradient, AttentionOperands into)
    {
        foreach (var (keys, sums) in Parts(block, x, isValue: false).Zip(Parts(block, into, isValue: false)))
        {
            SmallProducts.Add(s.Columns(keys.Column), keys.Rows, Of(into.Queries, block), block.Count, _size, keys.Count);
            SmallProducts.Add(s.Columns(keys.Column).Transposed, Of(x.Queries, block), sums.Rows, keys.Count, _size, block.Count);
        }
        foreach (var sums in Parts(block, into, isValue: true))
            SmallProducts.Add(p.Columns(sums.Column).Transposed, gradient, sums.Rows, sums.Count, _size, block.Count);
    }

    private IEnumerable<QueryBlock> Blocks(int group)
    {
        foreach (var segment in layout.Segments)
        {
            for (var head = group * rule.Repeats; head < (group + 1) * rule.Repeats; head++)
            {
                for (var first = 0; first < segment.Count; first += BlockRows)
                    yield return new(segment, group, head, first, Math.Min(BlockRows, segment.Count - first), front, rule.Window);
            }
        }
    }

    /// <param name="slopes">Of the soft cap; null: not wanted.</param>
    private void SetScores(QueryBlock block, Matrix scores, Matrix? slopes = null)
    {
        var queries = Of(x.Queries, block);
        foreach (var part in Parts(block, x, isValue: false))
            SmallProducts.SetByRows(queries, part.Rows, scores.Columns(part.Column), block.Count, part.Count, _size);
        for (var i = 0; i < block.Count; i++)
        {
            var row = new Span<float>(scores.At(i), block.Width);
            SoftMax.Scale(row, rule.Scale);
            if (rule.SoftCap is { } cap)
                SoftMax.Cap(row, cap, slopes is { } s ? new Span<float>(s.At(i), block.Width) : default);
            if (rule.Biases is { } biases)
                SoftMax.Add(row, biases.AsSpan(block.Head * rule.BiasCount, block.Width));
        }
    }

    /// <summary>The keys or values, or their gradients, that a block's last query sees.</summary>
    private IEnumerable<KeyPart> Parts(QueryBlock block, AttentionOperands operands, bool isValue)
    {
        var rows = isValue ? operands.Values : operands.Keys;
        var (segment, left) = (block.Segment, block.Width - front);
        if (front > 0)
            yield return new(0, front, FrontOf(operands, block.Group + (isValue ? rule.KeyValueHeadCount : 0)));
        var stem = Math.Min(left, segment.StemLength);
        if (stem > 0)
            yield return new(front, stem, rows.From(segment.Stem).Columns(block.Group * _size));
        if (left > stem)
            yield return new(front + stem, left - stem, rows.From(segment.Own).Columns(block.Group * _size));
    }

    private Matrix FrontOf(AttentionOperands operands, int index) => new((nint)((float*)operands.Front + ((long)index * front * _size)), _size);

    private Matrix Of(Matrix queries, QueryBlock block) => queries.From(block.Segment.Query + block.First).Columns(block.Head * _size);

    private ref float LogSum(nint logSums, QueryBlock block, int i) =>
        ref ((float*)logSums)[((long)(block.Segment.Query + block.First + i) * rule.HeadCount) + block.Head];

    /// <param name="Column">The first key's, among all that a query sees.</param>
    private readonly record struct KeyPart(int Column, int Count, Matrix Rows);
}
