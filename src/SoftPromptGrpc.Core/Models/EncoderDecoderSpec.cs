using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Models;

/// <summary>
/// Biases of self-attention by the distance of key and query, in buckets (Raffel et al. 2020): one table for the encoder, one for the
/// decoder, each shared by all of its layers. <see cref="RelativePositionBuckets"/> tells which bucket.
/// </summary>
/// <param name="MaxDistance">Where the last bucket begins.</param>
public sealed record RelativePositions(int BucketCount, int MaxDistance);

/// <summary>
/// What distinguishes one encoder-decoder transformer from another, in plain fields, as <see cref="DecoderSpec"/> does for decoders.
/// Both halves share the token embedding and all sizes but the number of layers. Tensors: <see cref="EncoderDecoderTensors"/>.
/// A soft prompt stands in front of the encoder's input.
/// </summary>
public sealed record EncoderDecoderSpec : ModelSpec
{
    public required int DecoderLayerCount { get; init; }

    public required NormKind Norm { get; init; }
    public required double NormEpsilon { get; init; }

    /// <summary>
    /// x = norm(x + f(x)) and no norm behind the last layer, as in BART; otherwise x += f(norm(x)) and a norm behind the last layer, as
    /// in T5.
    /// </summary>
    public required bool PostNorm { get; init; }

    /// <summary>A norm of every row, soft prompt included, in front of the first layer, behind the positions.</summary>
    public required bool EmbeddingNorm { get; init; }

    /// <summary>Null: learned vectors for each position, a table for the encoder and one for the decoder.</summary>
    public RelativePositions? RelativePositions { get; init; }

    public required ActivationKind Activation { get; init; }

    /// <inheritdoc cref="DecoderSpec.GatedMlp"/>
    public required bool GatedMlp { get; init; }

    /// <summary>Of every projection in attention and MLP.</summary>
    public required bool Bias { get; init; }

    /// <summary>What query-key products are multiplied by.</summary>
    public required double AttentionScale { get; init; }

    /// <inheritdoc cref="DecoderSpec.TiedHead"/>
    public required bool TiedHead { get; init; }

    /// <summary>What the decoder's last hidden state is multiplied by in front of the head.</summary>
    public double HeadScale { get; init; } = 1;

    /// <summary>BART's <c>final_logits_bias</c>.</summary>
    public bool HeadBias { get; init; }

    /// <summary>The token that every output begins behind.</summary>
    public required int DecoderStart { get; init; }

    /// <exception cref="ArgumentException">The encoder cannot read this: it is nothing, too long, or outside the vocabulary.</exception>
    public void RequireInput(ServedPrompt? prompt, ReadOnlySpan<int> input)
    {
        var positions = (prompt is SoftPrompt rows ? rows.VirtualTokens : 0) + input.Length;
        if (positions == 0 || positions > ContextLength)
            throw new ArgumentException("The encoder's input is empty or too long.", nameof(input));
        foreach (var token in input)
        {
            if ((uint)token >= (uint)VocabularySize)
                throw new ArgumentException($"Token {token} is outside the vocabulary.", nameof(input));
        }
    }

    public override int RoomBehind(int inputPositions) =>
        inputPositions > ContextLength ? ContextLength - inputPositions : ContextLength - 1;

    public override IReadOnlyList<(string Name, int[] Shape)> Tensors() => EncoderDecoderTensors.Of(this);
}
