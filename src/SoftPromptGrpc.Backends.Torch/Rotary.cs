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
        var half = spec.Dimensions / 2;
        var (left, right) = (x.narrow(-1, 0, half), x.narrow(-1, half, half));
        var rest = x.narrow(-1, spec.Dimensions, x.shape[3] - spec.Dimensions);
        return cat([left * cos - right * sin, right * cos + left * sin, rest], -1).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cos?.Dispose();
        _sin?.Dispose();
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
