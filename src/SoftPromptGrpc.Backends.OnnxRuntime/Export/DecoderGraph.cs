namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

// B: sequences in the call, S: new positions of each, R: rows of logits, E: embedding size, V: vocabulary,
// G: key/value heads, P: positions that the cache has room for, D: padded head size.

/// <summary>The inputs and outputs of an exported decoder.</summary>
internal static class DecoderGraph
{
    /// <summary>
    /// The graph of the paged engine: B is 1, and S is all rows of a run, whatever sequences they belong to. The keys and values are no
    /// inputs: <see cref="Paged.PagedAttention"/> knows where they are.
    /// </summary>
    public const string PagedName = "paged";

    /// <summary>[B, S, E] float: token embeddings or a soft prompt's rows.</summary>
    public const string Embeddings = "inputs_embeds";

    /// <summary>[B, S] int64; only with learned positions.</summary>
    public const string Positions = "position_ids";

    /// <summary>[R] int64: the rows of [B * S] whose logits are wanted; at least one.</summary>
    public const string LogitRows = "logit_rows";

    /// <summary>[B] int32: each sequence's positions after the call, less one.</summary>
    public const string LastPositions = "seqlens_k";

    /// <summary>int32: the longest sequence's positions after the call.</summary>
    public const string LongestLength = "total_sequence_length";

    /// <summary>[R, V] float.</summary>
    public const string Logits = "logits";

    /// <summary>[B, G, P, D] float; bound to the same memory as <see cref="PresentKeys"/>.</summary>
    public static string PastKeys(int layer) => $"past_key_values.{layer}.key";

    /// <inheritdoc cref="PastKeys"/>
    public static string PastValues(int layer) => $"past_key_values.{layer}.value";

    public static string PresentKeys(int layer) => $"present.{layer}.key";

    public static string PresentValues(int layer) => $"present.{layer}.value";
}
