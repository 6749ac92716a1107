using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>The canonical tensors (<see cref="DecoderTensors"/>) of one decoder.</summary>
public sealed class DecoderWeights : ModelWeights
{
    private DecoderWeights(DecoderSpec spec, Device device, Action<string, Tensor> fill, Func<string, ScalarType> typeOf)
        : base(spec, device, fill, typeOf) => Spec = spec;

    public DecoderSpec Spec { get; }

    /// <summary>Frozen weights.</summary>
    /// <param name="keepsPrecision">As <see cref="BaseModel.KeepsPrecision"/>.</param>
    public static DecoderWeights Load(DecoderSpec spec, IModelWeights weights, Device device, bool keepsPrecision = false)
    {
        var loaded = new DecoderWeights(spec, device, From(weights), TypeOf(weights, keepsPrecision));
        for (var layer = 0; layer < spec.LayerCount; layer++)
        {
            loaded.Join(
                QueryKeyValue(layer), KeyValue(layer),
                DecoderTensors.Query(layer), DecoderTensors.Key(layer), DecoderTensors.Value(layer));
        }
        return loaded;
    }

    /// <summary>A layer's queries, keys and values in one product. Absent where the weights are trained themselves.</summary>
    internal static string QueryKeyValue(int layer) => $"layers.{layer}.self_attn.qkv_proj";

    /// <summary>The same without the queries.</summary>
    internal static string KeyValue(int layer) => $"layers.{layer}.self_attn.kv_proj";

    /// <summary>
    /// Trainable weights as GPT-2 begins with (Radford et al. 2019): normal with a standard deviation of 0.02, divided by
    /// sqrt(2 * layers) where a matrix writes to the residual stream; norms 1, biases 0.
    /// </summary>
    public static DecoderWeights Random(DecoderSpec spec, long seed, Device device)
    {
        using var generator = new Generator((ulong)seed, CPU);
        var weights = new DecoderWeights(
            spec, device, (name, tensor) => Initialise(tensor, name, spec, generator), _ => ScalarType.Float32);
        foreach (var (_, tensor) in weights.Named)
            tensor.requires_grad = true;
        return weights;
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
