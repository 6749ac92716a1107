using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>The canonical tensors (<see cref="EncoderDecoderTensors"/>) of one encoder-decoder, frozen.</summary>
public sealed class EncoderDecoderWeights : ModelWeights
{
    private EncoderDecoderWeights(EncoderDecoderSpec spec, Device device, Action<string, Tensor> fill, Func<string, ScalarType> typeOf)
        : base(spec, device, fill, typeOf) => Spec = spec;

    public EncoderDecoderSpec Spec { get; }

    /// <param name="keepsPrecision">As <see cref="BaseModel.KeepsPrecision"/>.</param>
    public static EncoderDecoderWeights Load(EncoderDecoderSpec spec, IModelWeights weights, Device device, bool keepsPrecision = false) =>
        new(spec, device, From(weights), TypeOf(weights, keepsPrecision));
}
