using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>The canonical tensors (<see cref="EncoderDecoderTensors"/>) of one encoder-decoder, frozen, in float32 on one device.</summary>
public sealed class EncoderDecoderWeights : ModelWeights
{
    private EncoderDecoderWeights(EncoderDecoderSpec spec, Device device, Action<string, Tensor> fill)
        : base(spec, device, fill) => Spec = spec;

    public EncoderDecoderSpec Spec { get; }

    public static EncoderDecoderWeights Load(EncoderDecoderSpec spec, IModelWeights weights, Device device) =>
        new(spec, device, From(weights));
}
