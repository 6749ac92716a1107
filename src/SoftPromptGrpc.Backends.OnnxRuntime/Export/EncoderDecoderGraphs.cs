namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

// S: the encoder's positions, B: sequences of one decoding step, L: the longest of them, E: positions that the cache of encoded
// inputs has room for, P: positions that the cache of outputs has room for, N: heads, D: padded head size, H: hidden size, V: vocabulary.

/// <summary>
/// The inputs and outputs of an exported encoder-decoder. The encoder runs one sequence at once, the decoder one position of each
/// sequence. Names that both kinds of models have are <see cref="DecoderGraph"/>'s.
/// </summary>
internal static class EncoderDecoderGraphs
{
    /// <summary>The file of the encoder's graph, without extension; the decoder's is a decoder's.</summary>
    public const string EncoderName = "encoder";

    /// <summary>Float: [S, H] in the encoder, [B, H] in the decoder.</summary>
    public const string Embeddings = DecoderGraph.Embeddings;

    /// <summary>Float, only with relative positions: [1, N, S, S] in the encoder, [B, N, 1, L] in the decoder.</summary>
    public const string Bias = "attention_bias";

    /// <summary>[B] int32: the positions of each encoded input, less one.</summary>
    public const string EncodedLastPositions = "encoder_seqlens_k";

    /// <summary>int32: the longest encoded input's positions.</summary>
    public const string EncodedLength = "encoder_sequence_length";

    /// <summary>[B, N, 1] int64: <see cref="EncodedLastPositions"/> again, for each head.</summary>
    public const string EncodedLast = "encoder_last_positions";

    /// <summary>
    /// What cross-attention reads: from the encoder [S, 2 * N * D], a position's keys and then its values, head by head.
    /// </summary>
    public static string Encoded(int layer) => $"encoded.{layer}";

    /// <summary>[B, N, E, D] float; bound to the same memory as <see cref="PresentEncodedKeys"/>.</summary>
    public static string EncodedKeys(int layer) => $"encoded.{layer}.key";

    /// <inheritdoc cref="EncodedKeys"/>
    public static string EncodedValues(int layer) => $"encoded.{layer}.value";

    public static string PresentEncodedKeys(int layer) => $"present.encoded.{layer}.key";

    public static string PresentEncodedValues(int layer) => $"present.encoded.{layer}.value";
}
