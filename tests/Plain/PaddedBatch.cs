using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Plain;

// B: examples, P: virtual tokens in front, T: tokens.
/// <summary>Examples as rows of one width, padded on the right.</summary>
/// <param name="Ids">[B, T].</param>
/// <param name="Labels">[B, P + T]: what the next row should be, <see cref="Ignored"/> where nothing is asked.</param>
/// <param name="Rows">The numbers of the rows that predict targets, into the B * (P + T) of them, example by example.</param>
/// <param name="Targets">The target tokens, example by example.</param>
/// <param name="Tasks">[B].</param>
internal sealed record PaddedBatch(Tensor Ids, Tensor Labels, Tensor Rows, Tensor Targets, Tensor Tasks)
{
    public const long Ignored = -100;

    /// <param name="width">T; null: that of the longest of these examples.</param>
    public static PaddedBatch Of(IReadOnlyList<TrainingExample> examples, int rowsInFront, int? width = null)
    {
        var tokens = width ?? examples.Max(e => e.Input.Length + e.Target.Length);
        var ids = new long[examples.Count, tokens];
        var labels = new long[examples.Count, rowsInFront + tokens];
        var rows = new List<long>();
        foreach (var (row, example) in examples.Index())
        {
            foreach (var (t, id) in example.Input.Concat(example.Target).Index())
                ids[row, t] = id;
            for (var t = 0; t < rowsInFront + tokens; t++)
                labels[row, t] = Ignored;
            foreach (var (t, id) in example.Target.Index())
            {
                var at = rowsInFront + example.Input.Length + t - 1;
                labels[row, at] = id;
                rows.Add(((long)row * (rowsInFront + tokens)) + at);
            }
        }
        return new(
            tensor(ids), tensor(labels), tensor(rows.ToArray()), tensor(examples.SelectMany(e => e.Target).ToArray(), int64),
            tensor(examples.Select(e => (long)e.Task).ToArray()));
    }
}
