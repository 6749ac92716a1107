using System.Runtime.InteropServices;
using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>
/// The canonical tensors of one model on one device: in float32, or matrices in 16 bits where the checkpoint is and the model keeps
/// them so. Owns their native memory; a model built on them must not outlive them.
/// </summary>
public abstract class ModelWeights : IDisposable
{
    private readonly ModelSpec _spec;
    private readonly Dictionary<string, Tensor> _tensors = [];

    /// <param name="fill">Fills a tensor on the CPU by its name.</param>
    /// <param name="typeOf">What a matrix is held in.</param>
    private protected ModelWeights(ModelSpec spec, Device device, Action<string, Tensor> fill, Func<string, ScalarType> typeOf)
    {
        (_spec, Device) = (spec, device);
        try
        {
            foreach (var (name, shape) in spec.Tensors())
            {
                using var scope = NewDisposeScope();
                var tensor = empty([.. shape.Select(length => (long)length)], float32);
                fill(name, tensor);
                var held = shape.Length > 1 ? tensor.to(typeOf(name)) : tensor;
                _tensors.Add(name, held.to(device).DetachFromDisposeScope());
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Device Device { get; }

    internal PassedGradients Passed { get; } = new();

    /// <summary>In the order of <see cref="ModelSpec.Tensors"/>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Named => _spec.Tensors().Select(t => (t.Name, _tensors[t.Name]));

    public Tensor this[string name] => _tensors[name];

    /// <summary>Null where the spec has no such tensor, such as a bias.</summary>
    public Tensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>
    /// Puts linear layers' tensors behind each other, so that one product does for all: under the name, and under
    /// <paramref name="rest"/> for all but the first. They stay what they are by their own names. Nothing is done where they cannot be
    /// joined.
    /// </summary>
    private protected void Join(string name, string rest, params string[] parts)
    {
        var hasBias = Find($"{parts[0]}.bias") is not null;
        var types = parts.Select(part => _tensors[$"{part}.weight"].dtype).Distinct();
        if (types.Count() > 1 || parts.Any(part => Find($"{part}.bias") is null == hasBias))
            return;
        Join("weight");
        if (hasBias)
            Join("bias");

        void Join(string kind)
        {
            using var scope = NewDisposeScope();
            Tensor[] separate = [.. parts.Select(part => _tensors[$"{part}.{kind}"])];
            var (whole, row, first) = (cat(separate, 0), 0L, separate[0].shape[0]);
            foreach (var (part, tensor) in parts.Zip(separate))
            {
                _tensors[$"{part}.{kind}"] = whole.narrow(0, row, tensor.shape[0]).DetachFromDisposeScope();
                row += tensor.shape[0];
                tensor.Dispose();
            }
            _tensors.Add($"{rest}.{kind}", whole.narrow(0, first, whole.shape[0] - first).DetachFromDisposeScope());
            _tensors.Add($"{name}.{kind}", whole.DetachFromDisposeScope());
        }
    }

    /// <summary>x * weight^T + bias in float32, whatever the weight is held in.</summary>
    /// <param name="weight">One of these: [outputs, inputs].</param>
    internal Tensor Multiply(Tensor x, Tensor weight, Tensor? bias = null) =>
        weight.dtype == ScalarType.Float32 ? nn.functional.linear(x, weight, bias) : HalfProduct.Of(x, weight, bias, Passed);

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
        Passed.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads straight into the tensors' memory.</summary>
    private protected static Action<string, Tensor> From(IModelWeights weights) => (name, tensor) => Fill(tensor, name, weights);

    /// <param name="keepsPrecision">As <see cref="BaseModel.KeepsPrecision"/>.</param>
    private protected static Func<string, ScalarType> TypeOf(IModelWeights weights, bool keepsPrecision) => name =>
        !keepsPrecision ? ScalarType.Float32 : weights.PrecisionOf(name) switch
        {
            WeightPrecision.Full => ScalarType.Float32,
            WeightPrecision.Half => ScalarType.Float16,
            WeightPrecision.BFloat16 => ScalarType.BFloat16,
        };

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
}
