namespace SoftPromptGrpc.Core.Models;

public enum NormKind { Layer, Rms }

public enum PositionKind
{
    /// <summary>A table of vectors, added to the embeddings.</summary>
    Learned,

    /// <inheritdoc cref="RotarySpec"/>
    Rotary,

    /// <inheritdoc cref="AlibiSpec"/>
    Alibi,
}

/// <summary>How a layer joins attention, MLP and norms to the residual stream x. Each norm is one of its own.</summary>
public enum ResidualKind
{
    /// <summary>x += attention(norm(x)); x += mlp(norm(x)).</summary>
    Sequential,

    /// <summary>x += attention(norm1(x)) + mlp(norm2(x)).</summary>
    Parallel,

    /// <summary>y = norm(x); x += attention(y) + mlp(y). GPT-J.</summary>
    ParallelOneNorm,

    /// <summary>y = norm(x); x = y + attention(y); then the same with the MLP. Some BLOOM models.</summary>
    SequentialFromNorm,

    /// <summary>x += norm(attention(x)); x += norm(mlp(x)). OLMo 2.</summary>
    OutputNorm,

    /// <summary>x += norm(attention(norm(x))); x += norm(mlp(norm(x))). Gemma 2.</summary>
    Sandwich,

    /// <summary>x = norm(x + attention(x)); x = norm(x + mlp(x)). The first transformer; OPT-350m.</summary>
    PostNorm,
}

public static class ResidualKindExtensions
{
    /// <summary>Whether norms stand in front of attention and MLP.</summary>
    public static bool NormsInputs(this ResidualKind kind) => kind is not (ResidualKind.OutputNorm or ResidualKind.PostNorm);

    /// <summary>Whether norms stand behind attention and MLP, or behind the sums that these are added to.</summary>
    public static bool NormsOutputs(this ResidualKind kind) =>
        kind is ResidualKind.OutputNorm or ResidualKind.Sandwich or ResidualKind.PostNorm;
}

public enum ActivationKind
{
    /// <summary>The exact one, by the error function.</summary>
    Gelu,

    /// <summary>GPT-2's tanh approximation ("gelu_new", "gelu_pytorch_tanh").</summary>
    GeluTanh,

    Silu,

    Relu,

    /// <summary>x * sigmoid(1.702 x).</summary>
    QuickGelu,
}

/// <summary>Whether queries and keys are normed, before they are rotated. The norm's kind is the spec's.</summary>
public enum QueryKeyNormKind
{
    None,

    /// <summary>Each head by itself, all with the same weights. Qwen3, Gemma 3.</summary>
    PerHead,

    /// <summary>All heads of a position together. OLMo 2.</summary>
    WholeWidth,
}

public enum RotaryScalingKind { Linear, Llama3 }

/// <summary>How rotary frequencies are stretched for contexts beyond the original one.</summary>
/// <param name="LowFrequencyFactor">Llama 3 only.</param>
/// <param name="HighFrequencyFactor">Llama 3 only.</param>
/// <param name="OriginalContextLength">Llama 3 only.</param>
public sealed record RotaryScaling(
    RotaryScalingKind Kind, double Factor, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4, int OriginalContextLength = 0);

/// <summary>Rotary position embedding (Su et al. 2021).</summary>
/// <param name="Dimensions">How many of a head's leading dimensions are rotated; even.</param>
/// <param name="Interleaved">
/// Dimension 2i is rotated with 2i + 1, as in GPT-J; otherwise i with i + Dimensions / 2, as in GPT-NeoX and Llama.
/// </param>
public sealed record RotarySpec(double Base, int Dimensions, RotaryScaling? Scaling = null, bool Interleaved = false);

/// <summary>
/// Attention with linear biases (Press et al. 2022): a head's product of any query with the key at position k gets slope * k
/// added, after the attention scale. <see cref="AlibiBiases"/> computes them.
/// </summary>
/// <param name="Slopes">One for each query head.</param>
/// <param name="RoundedToBFloat16">Slopes and then biases are rounded, as in Falcon; <paramref name="Scale"/> comes after it.</param>
/// <param name="Scale">What the biases are multiplied by.</param>
public sealed record AlibiSpec(IReadOnlyList<float> Slopes, bool RoundedToBFloat16 = false, float Scale = 1)
{
    public bool Equals(AlibiSpec? other) => other is not null && Slopes.SequenceEqual(other.Slopes)
        && (RoundedToBFloat16, Scale) == (other.RoundedToBFloat16, other.Scale);

    public override int GetHashCode() => HashCode.Combine(Slopes.Count, RoundedToBFloat16, Scale);
}

/// <summary>What one layer's attention sees and how it marks positions.</summary>
/// <param name="SlidingWindow">A query sees itself and the <c>SlidingWindow - 1</c> positions before it; null: all of them.</param>
/// <param name="Rotary">Null: this layer rotates nothing.</param>
public sealed record LayerAttention(int? SlidingWindow, RotarySpec? Rotary);

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

    /// <summary>Present when <see cref="Positions"/> is <see cref="PositionKind.Rotary"/>. A layer's own: <see cref="AttentionOf"/>.</summary>
    public RotarySpec? Rotary { get; init; }

    /// <summary>Present when <see cref="Positions"/> is <see cref="PositionKind.Alibi"/>.</summary>
    public AlibiSpec? Alibi { get; init; }

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

    /// <summary>
    /// A query sees itself and the <c>SlidingWindow - 1</c> positions before it; null: all of them. A layer's own:
    /// <see cref="AttentionOf"/>.
    /// </summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Where layers differ: one for each layer. Then <see cref="SlidingWindow"/> and <see cref="Rotary"/> are no layer's.</summary>
    public IReadOnlyList<LayerAttention>? LayerAttentions { get; init; }

    /// <summary>What query-key products are multiplied by: 1 / sqrt(head size) unless the model says otherwise.</summary>
    public double AttentionScale { get => field > 0 ? field : 1 / Math.Sqrt(HeadSize); init; }

    /// <summary>Scaled query-key products s become cap * tanh(s / cap), before masks; null: they stay.</summary>
    public double? AttentionSoftCap { get; init; }

    /// <summary>Queries, keys and values are clamped to [-clip, clip] where they leave their projections; null: they are not.</summary>
    public double? QueryKeyValueClip { get; init; }

    public QueryKeyNormKind QueryKeyNorm { get; init; }

    /// <summary>Layer norms have biases. RMS norms never have.</summary>
    public bool NormBias { get; init; } = true;

    /// <summary>There is a norm behind the last layer.</summary>
    public bool FinalNorm { get; init; } = true;

    /// <summary>A norm of every row, soft prompt included, in front of the first layer (BLOOM).</summary>
    public bool EmbeddingNorm { get; init; }

    public bool HeadBias { get; init; }

    /// <summary>Logits l become cap * tanh(l / cap); null: they stay.</summary>
    public double? LogitSoftCap { get; init; }

    public LayerAttention AttentionOf(int layer) =>
        LayerAttentions is null ? new LayerAttention(SlidingWindow, Rotary) : LayerAttentions[layer];

    public override int RoomBehind(int inputPositions) => ContextLength - inputPositions;

    public override IReadOnlyList<(string Name, int[] Shape)> Tensors() => DecoderTensors.Of(this);
}
