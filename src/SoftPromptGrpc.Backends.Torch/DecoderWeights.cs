using System.Runtime.InteropServices;
using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>
/// The canonical tensors (<see cref="DecoderTensors"/>) of one decoder in float32 on one device. Owns their native memory; a
/// decoder built on them must not outlive them.
/// </summary>
public sealed class DecoderWeights : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors;

    private DecoderWeights(DecoderSpec spec, Device device, Dictionary<string, Tensor> tensors) =>
        (Spec, Device, _tensors) = (spec, device, tensors);

    public DecoderSpec Spec { get; }

    public Device Device { get; }

    /// <summary>In the order of <see cref="DecoderTensors.Of"/>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Named => DecoderTensors.Of(Spec).Select(t => (t.Name, _tensors[t.Name]));

    public Tensor this[string name] => _tensors[name];

    /// <summary>Null where the spec has no such tensor, such as a bias.</summary>
    public Tensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>Frozen weights, read straight into the tensors' memory.</summary>
    public static DecoderWeights Load(DecoderSpec spec, IModelWeights weights, Device device) =>
        Create(spec, device, (name, tensor) => Fill(tensor, name, weights));

    /// <summary>
    /// Trainable weights as GPT-2 begins with (Radford et al. 2019): normal with a standard deviation of 0.02, divided by
    /// sqrt(2 * layers) where a matrix writes to the residual stream; norms 1, biases 0.
    /// </summary>
    public static DecoderWeights Random(DecoderSpec spec, long seed, Device device)
    {
        using var generator = new Generator((ulong)seed, CPU);
        var weights = Create(spec, device, (name, tensor) => Initialise(tensor, name, spec, generator));
        foreach (var (_, tensor) in weights.Named)
            tensor.requires_grad = true;
        return weights;
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
    }

    private static DecoderWeights Create(DecoderSpec spec, Device device, Action<string, Tensor> fill)
    {
        var weights = new DecoderWeights(spec, device, []);
        try
        {
            foreach (var (name, shape) in DecoderTensors.Of(spec))
            {
                using var scope = NewDisposeScope();
                var tensor = empty([.. shape.Select(length => (long)length)], float32);
                fill(name, tensor);
                weights._tensors.Add(name, tensor.to(device).DetachFromDisposeScope());
            }
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static void Fill(Tensor tensor, string name, IModelWeights weights)
    {
        if (tensor.NumberOfElements * sizeof(float) <= int.MaxValue)
        {
            weights.Read(name, MemoryMarshal.Cast<byte, float>(tensor.bytes));
            return;
        }
        // A span of bytes ends at 2 GB: larger matrices are read row by row.
        for (var row = 0; row < tensor.shape[0]; row++)
        {
            using var target = tensor[row];
            weights.ReadRow(name, row, MemoryMarshal.Cast<byte, float>(target.bytes));
        }
    }

    private static void Initialise(Tensor tensor, string name, DecoderSpec spec, Generator generator)
    {
        if (tensor.dim() == 1)
        {
            tensor.fill_(name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1);
            return;
        }
        var writesToResidual = name.EndsWith(".o_proj.weight", StringComparison.Ordinal)
            || name.EndsWith(".down_proj.weight", StringComparison.Ordinal);
        tensor.normal_(0, 0.02 / (writesToResidual ? Math.Sqrt(2.0 * spec.LayerCount) : 1), generator);
    }
}
