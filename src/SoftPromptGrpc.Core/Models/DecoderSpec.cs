namespace SoftPromptGrpc.Core.Models;

public enum NormKind { Layer, Rms }

public enum PositionKind { Learned, Rotary }

public enum ResidualKind
{
    /// <summary>x += attention(norm(x)); x += mlp(norm(x)).</summary>
    Sequential,

    /// <summary>x += attention(norm1(x)) + mlp(norm2(x)).</summary>
    Parallel,
}

public enum ActivationKind
{
    /// <summary>The exact one, by the error function.</summary>
    Gelu,

    /// <summary>GPT-2's tanh approximation ("gelu_new", "gelu_pytorch_tanh").</summary>
    GeluTanh,

    Silu,

    Relu,
}

public enum RotaryScalingKind { Linear, Llama3 }

/// <summary>How rotary frequencies are stretched for contexts beyond the original one.</summary>
/// <param name="LowFrequencyFactor">Llama 3 only.</param>
/// <param name="HighFrequencyFactor">Llama 3 only.</param>
/// <param name="OriginalContextLength">Llama 3 only.</param>
public sealed record RotaryScaling(
    RotaryScalingKind Kind, double Factor, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4, int OriginalContextLength = 0);

/// <summary>Rotary position embedding (Su et al. 2021) in the half-split form of GPT-NeoX and Llama.</summary>
/// <param name="Dimensions">How many of a head's leading dimensions are rotated; even.</param>
public sealed record RotarySpec(double Base, int Dimensions, RotaryScaling? Scaling = null);

/// <summary>
/// What distinguishes one decoder-only transformer from another, in plain fields. The Torch decoder and the ONNX exporter read
/// nothing else: a family is a translation from its config.json to this record and from its tensor names to
/// <see cref="DecoderTensors"/>.
/// </summary>
public sealed record DecoderSpec : ModelSpec
{
    /// <summary>Divides <see cref="ModelSpec.HeadCount"/>; smaller in grouped-query attention.</summary>
    public required int KeyValueHeadCount { get; init; }

    public required NormKind Norm { get; init; }
    public required double NormEpsilon { get; init; }
    public required PositionKind Positions { get; init; }

    /// <summary>Present when <see cref="Positions"/> is <see cref="PositionKind.Rotary"/>.</summary>
    public RotarySpec? Rotary { get; init; }

    public required ResidualKind Residual { get; init; }
    public required ActivationKind Activation { get; init; }

    /// <summary>down(activation(gate(x)) * up(x)) instead of down(activation(up(x))).</summary>
    public required bool GatedMlp { get; init; }

    /// <summary>Biases of the query, key and value projections.</summary>
    public required bool AttentionBias { get; init; }

    public required bool AttentionOutputBias { get; init; }
    public required bool MlpBias { get; init; }

    /// <summary>The output head is the token embedding; there is no <c>lm_head.weight</c>.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>A query sees itself and the <c>SlidingWindow - 1</c> positions before it; null: all of them.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>What query-key products are multiplied by.</summary>
    public double AttentionScale => 1 / Math.Sqrt(HeadSize);

    public override int RoomBehind(int inputPositions) => ContextLength - inputPositions;

    public override IReadOnlyList<(string Name, int[] Shape)> Tensors() => DecoderTensors.Of(this);
}
