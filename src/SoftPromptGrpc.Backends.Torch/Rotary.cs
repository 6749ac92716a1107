using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Rotary position embedding of positions 0, 1, ...: tables that grow to the longest sequence seen.</summary>
internal sealed class Rotary(RotarySpec spec, Device device) : IDisposable
{
    private Tensor? _cos;
    private Tensor? _sin;

    public RotarySpec Spec => spec;

    /// <summary>For consecutive positions.</summary>
    public RotaryTable From(int first, int count)
    {
        var (cos, sin) = Tables(first + count);
        return new(spec, cos.narrow(0, first, count), sin.narrow(0, first, count));
    }

    /// <summary>For rows whose heads are a dimension behind them.</summary>
    /// <param name="positions">int64, one for each row.</param>
    /// <param name="end">More than any of them.</param>
    public RotaryTable At(Tensor positions, int end)
    {
        var (cos, sin) = Tables(end);
        return new(spec, cos.index_select(0, positions).unsqueeze(1), sin.index_select(0, positions).unsqueeze(1));
    }

    public void Dispose()
    {
        _cos?.Dispose();
        _sin?.Dispose();
    }

    private (Tensor Cos, Tensor Sin) Tables(int positions)
    {
        if (_cos is null || _sin is null || _cos.shape[0] < positions)
        {
            Dispose();
            var (cos, sin) = RotaryFrequencies.Table(spec, positions);
            (_cos, _sin) = (Move(cos, positions), Move(sin, positions));
        }
        return (_cos, _sin);
    }

    private Tensor Move(float[] table, int positions) =>
        tensor(table).view(positions, -1).to(device).DetachFromDisposeScope();
}

/// <summary>Cosines and sines of some rows' positions, in the dispose scope that they were asked for in.</summary>
internal sealed record RotaryTable(RotarySpec Spec, Tensor Cos, Tensor Sin)
{
    /// <summary>Rotates a head's leading dimensions by its position.</summary>
    /// <param name="x">[batch, heads, rows, head size], or [batch, rows, heads, head size], as the table is for.</param>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var rotated = x.narrow(-1, 0, Spec.Dimensions);
        rotated = Spec.Interleaved ? RotateNeighbours(rotated) : RotateHalves(rotated);
        if (Spec.Dimensions < x.shape[3])
            rotated = cat([rotated, x.narrow(-1, Spec.Dimensions, x.shape[3] - Spec.Dimensions)], -1);
        return rotated.MoveToOuterDisposeScope();
    }

    public RotaryTable Select(Tensor rows) => this with { Cos = Cos.index_select(0, rows), Sin = Sin.index_select(0, rows) };

    private Tensor RotateHalves(Tensor x)
    {
        var parts = x.chunk(2, -1);
        return cat([parts[0] * Cos - parts[1] * Sin, parts[1] * Cos + parts[0] * Sin], -1);
    }

    private Tensor RotateNeighbours(Tensor x)
    {
        var pairs = x.unflatten(3, [-1, 2]);
        var (even, odd) = (pairs.select(-1, 0), pairs.select(-1, 1));
        return stack([even * Cos - odd * Sin, odd * Cos + even * Sin], -1).flatten(-2);
    }
}
