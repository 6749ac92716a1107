using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Packing;

// R: rows, N: numbers in each.
/// <summary>
/// Rows in one tensor or several, [1, R, N] each: in several, so that autograd need not go back through those that depend on nothing
/// that is trained. The tensors belong to the dispose scope that made them.
/// </summary>
internal sealed class Rows(IReadOnlyList<Tensor> parts)
{
    private Tensor? _whole;

    public Rows(Tensor whole)
        : this([whole])
    {
    }

    public Tensor Whole => _whole ??= parts.Count == 1 ? parts[0] : cat([.. parts], 1);

    /// <param name="map">Of every row by itself.</param>
    public Rows Map(Func<Tensor, Tensor> map) => new([.. parts.Select(map)]);

    /// <param name="indices">Of rows; null: all as they are.</param>
    public Rows Select(Tensor? indices) => indices is null ? this : new(Whole.index_select(1, indices));
}
