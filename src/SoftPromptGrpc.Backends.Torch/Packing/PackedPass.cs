using SoftPromptGrpc.Core.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Packing;

// R: rows.
/// <summary>What the layers of one pass over a <see cref="PackedBatch"/> have in common.</summary>
/// <remarks>Its tensors belong to the dispose scope that it is made in.</remarks>
internal sealed class PackedPass
{
    private readonly Dictionary<RotarySpec, RotaryTable> _rotations;

    /// <param name="prefix">Keys and values in front of every stem: [layers, 2, key/value heads, positions, head size].</param>
    public PackedPass(DecoderWeights weights, PackedBatch batch, Tensor? prefix, IReadOnlyDictionary<RotarySpec, Rotary> rotaries)
    {
        var (spec, device) = (weights.Spec, weights.Device);
        Positions = tensor(batch.Positions.ToArray()).to(device);
        Needed = tensor(batch.Needed.ToArray()).to(device);
        var end = (int)batch.Positions.Max() + 1;
        _rotations = rotaries.ToDictionary(rotary => rotary.Key, rotary => rotary.Value.At(Positions, end));
        Attention = device.type == DeviceType.CPU
            ? new KernelAttention(spec, batch, prefix, weights.Passed)
            : new LibraryAttention(spec, batch, prefix, device);
    }

    /// <summary>[R].</summary>
    public Tensor Positions { get; }

    /// <summary>The rows that the last layer is computed for.</summary>
    public Tensor Needed { get; }

    public IPackedAttention Attention { get; }

    /// <summary>Of all rows.</summary>
    public RotaryTable RotationOf(RotarySpec rotary) => _rotations[rotary];
}
