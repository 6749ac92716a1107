using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training.Methods;

// P: virtual tokens, H: embedding size, L: layers, G: key/value heads, D: head size, W: L * 2 * G * D.
/// <summary>From what a method trains to what stands in front of every example, as PEFT's modules compute it.</summary>
internal static class PromptNetwork
{
    private const string Embedding = "embedding.weight";

    /// <param name="tensors">The method's, by name.</param>
    /// <returns>Its tensors belong to the current dispose scope.</returns>
    public static Preamble Forward(TrainingMethod method, ModelSpec spec, IReadOnlyDictionary<string, Tensor> tensors) => method switch
    {
        PromptTuning => new RowPreamble(tensors[Embedding]),
        PTuning { Encoder: PromptEncoderKind.Mlp } => new RowPreamble(Linears(tensors[Embedding], tensors, "mlp_head", [0, 2, 4])),
        PTuning encoder => new RowPreamble(Linears(Encoded(encoder, spec, tensors), tensors, "mlp_head", [0, 2])),
        MultitaskPromptTuning => new RowPreamble(
            tensors[Embedding] * tensors[MultitaskPromptTuning.Columns].matmul(tensors[MultitaskPromptTuning.Rows])), // [tasks, P, H]
        PrefixTuning { ProjectionSize: null } => Prefix(tensors[Embedding], spec),
        PrefixTuning => Prefix(Projected(tensors), spec),
        Cartridge { FrozenTokens: 0 } => Prefix(tensors[Cartridge.Trainable], spec),
        Cartridge => Prefix(cat([tensors[Cartridge.Frozen], tensors[Cartridge.Trainable]], 0), spec),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, null),
    };

    /// <summary>What the LSTM makes of all rows, where it is served.</summary>
    private static Tensor Encoded(PTuning encoder, ModelSpec spec, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var rows = tensors[Embedding];
        return Lstm.Forward(encoder, rows, tensors).narrow(0, 0, rows.shape[0] / PTuning.HalvesOf(spec));
    }

    /// <param name="rows">[P, W].</param>
    private static PrefixPreamble Prefix(Tensor rows, ModelSpec spec)
    {
        var (layers, heads, headSize) = KeyValuePrefix.ShapeOf(spec);
        var stored = rows.view(-1, layers, 2, heads, headSize).permute(1, 2, 3, 0, 4);          // [L, 2, G, P, D]
        return new(spec is EncoderDecoderSpec
            ? stored.index_select(0, tensor(PrefixLayout.DealtLayers(layers), int64).to(rows.device))
            : stored);
    }

    private static Tensor Projected(IReadOnlyDictionary<string, Tensor> tensors) =>
        Linear(Linear(tensors[Embedding], tensors, "transform.0").tanh(), tensors, "transform.2");

    /// <summary>With ReLU between them.</summary>
    private static Tensor Linears(Tensor x, IReadOnlyDictionary<string, Tensor> tensors, string name, int[] places)
    {
        foreach (var place in places)
            x = Linear(place == 0 ? x : x.relu(), tensors, $"{name}.{place}");
        return x;
    }

    private static Tensor Linear(Tensor x, IReadOnlyDictionary<string, Tensor> tensors, string name) =>
        nn.functional.linear(x, tensors[$"{name}.weight"], tensors[$"{name}.bias"]);
}
