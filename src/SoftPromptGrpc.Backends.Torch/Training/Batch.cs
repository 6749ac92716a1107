using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

// B: examples, P: rows of the preamble, T: longest input plus target without its last token, R: target tokens.
/// <summary>
/// The layout of one pass: the preamble's rows, then each example's tokens, padded on the right to the longest; and the rows whose logits
/// predict the targets. A target's last token is predicted but never fed.
/// </summary>
internal sealed class Batch
{
    private Batch(Tensor ids, Tensor rows, Tensor targets, Tensor tasks) => (Ids, Rows, Targets, Tasks) = (ids, rows, targets, tasks);

    /// <summary>[B, T].</summary>
    public Tensor Ids { get; }

    /// <summary>[R], into the B * (P + T) rows of the pass, example by example.</summary>
    public Tensor Rows { get; }

    /// <summary>[R].</summary>
    public Tensor Targets { get; }

    /// <summary>[B].</summary>
    public Tensor Tasks { get; }

    /// <summary>Its tensors belong to the current dispose scope.</summary>
    /// <param name="rowsInFront">P. At least 1 where an example's input is empty: something must predict its first target.</param>
    public static Batch Of(IReadOnlyList<TrainingExample> examples, int rowsInFront, Device device)
    {
        var width = examples.Max(e => e.Input.Length + e.Target.Length - 1);
        var ids = new long[examples.Count * width]; // Padding is id 0: nothing before it changes.
        var rows = new List<long>();
        var targets = new List<long>();
        for (var b = 0; b < examples.Count; b++)
        {
            var (input, target) = (examples[b].Input, examples[b].Target);
            var fed = ids.AsSpan(b * width, width);
            for (var t = 0; t < input.Length + target.Length - 1; t++)
                fed[t] = t < input.Length ? input[t] : target[t - input.Length];
            for (var t = 0; t < target.Length; t++)
            {
                rows.Add((long)b * (rowsInFront + width) + rowsInFront + input.Length + t - 1);
                targets.Add(target[t]);
            }
        }
        return new Batch(
            tensor(ids).view(examples.Count, width).to(device), tensor(rows.ToArray()).to(device), tensor(targets.ToArray()).to(device),
            tensor(examples.Select(e => (long)e.Task).ToArray()).to(device));
    }
}
