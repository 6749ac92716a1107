using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Rotary position embedding of positions 0, 1, ...: tables that grow to the longest sequence seen.</summary>
internal sealed class Rotary(RotarySpec spec, Device device) : IDisposable
{
    private Tensor? _cos;
    private Tensor? _sin;

    /// <summary>Rotates a head's leading dimensions by its position.</summary>
    /// <param name="x">[batch, heads, positions, head size].</param>
    /// <param name="first">The position of the first row.</param>
    public Tensor Apply(Tensor x, int first)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = Tables(first, (int)x.shape[2]);
        var rotated = x.narrow(-1, 0, spec.Dimensions);
        rotated = spec.Interleaved ? RotateNeighbours(rotated, cos, sin) : RotateHalves(rotated, cos, sin);
        if (spec.Dimensions < x.shape[3])
            rotated = cat([rotated, x.narrow(-1, spec.Dimensions, x.shape[3] - spec.Dimensions)], -1);
        return rotated.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cos?.Dispose();
        _sin?.Dispose();
    }

    private static Tensor RotateHalves(Tensor x, Tensor cos, Tensor sin)
    {
        var parts = x.chunk(2, -1);
        return cat([parts[0] * cos - parts[1] * sin, parts[1] * cos + parts[0] * sin], -1);
    }

    private static Tensor RotateNeighbours(Tensor x, Tensor cos, Tensor sin)
    {
        var pairs = x.unflatten(3, [-1, 2]);
        var (even, odd) = (pairs.select(-1, 0), pairs.select(-1, 1));
        return stack([even * cos - odd * sin, odd * cos + even * sin], -1).flatten(-2);
    }

    private (Tensor Cos, Tensor Sin) Tables(int first, int count)
    {
        var positions = first + count;
        if (_cos is null || _sin is null || _cos.shape[0] < positions)
        {
            Dispose();
            var (cos, sin) = RotaryFrequencies.Table(spec, positions);
            (_cos, _sin) = (Move(cos, positions), Move(sin, positions));
        }
        return (_cos.narrow(0, first, count), _sin.narrow(0, first, count));
    }

    private Tensor Move(float[] table, int positions) =>
        tensor(table).view(positions, -1).to(device).DetachFromDisposeScope();
}
