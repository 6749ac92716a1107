using SoftPromptGrpc.Backends.OnnxRuntime.Paged;
using SoftPromptGrpc.Core.Models;
using static SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx.TensorProto.Types;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

// B, S, G, P, D: see DecoderGraph. T = B * S; N: query heads; L: positions of the longest sequence.

/// <summary>Writes a decoder's attention: projections, the norms of queries and keys, GroupQueryAttention over the cache.</summary>
/// <param name="isPaged">With <see cref="PagedAttention"/> in its place.</param>
internal sealed class AttentionExporter(DecoderSpec spec, DecoderBlocks blocks, GraphBuilder graph, bool isPaged)
{
    private const string OutputShape = "attention_shape";

    private readonly HeadLayout _layout = new(spec);
    private readonly Dictionary<RotarySpec, (string Cos, string Sin)> _rotaries = [];
    private readonly Dictionary<int, string> _shapes = [];
    private string _batchShape = "";
    private string _biases = "";

    /// <summary>Writes what all layers share.</summary>
    /// <param name="batchShape">[2]: B and S.</param>
    public void Begin(string batchShape)
    {
        _batchShape = batchShape;
        graph.Constant(OutputShape, -1, spec.HeadCount * _layout.Size);
        if (spec.Alibi is { } alibi)
            _biases = isPaged ? blocks.Weights.AlibiTable(alibi) : Biases(alibi);
    }

    /// <param name="x">[T, H].</param>
    /// <param name="wanted">Picks the rows that are used further on, in front of the output projection.</param>
    /// <returns>[T, H], or as many rows as were picked.</returns>
    public string Write(int layer, string x, Func<string, string> wanted)
    {
        var (queries, keys, values) = spec.QueryKeyNorm == QueryKeyNormKind.None
            ? (Batched(Place(layer), Projections(layer, x), spec.HeadCount + 2 * spec.KeyValueHeadCount), "", "")
            : Normed(layer, Projections(layer, x));
        var heads = Attend(layer, queries, keys, values);
        if (!isPaged)
            heads = graph.Node($"{Place(layer)}/Reshape", new("Reshape"), heads, OutputShape);
        var output = DecoderTensors.AttentionOutput(layer);
        return blocks.Linear(
            output, wanted(heads), blocks.Weights.AttentionOutput(layer),
            spec.AttentionOutputBias ? blocks.Weights.Tensor($"{output}.bias") : "");
    }

    /// <summary>Queries, keys and values side by side: [T, (N + 2 G) * D].</summary>
    private string Projections(int layer, string x)
    {
        var weight = blocks.Weights.QueryKeyValue(layer, "weight");
        var bias = spec.AttentionBias ? blocks.Weights.QueryKeyValue(layer, "bias") : "";
        var all = graph.Product($"{Place(layer)}/qkv_proj", x, weight, bias);
        return spec.QueryKeyValueClip is { } clip
            ? graph.Node(
                $"{Place(layer)}/qkv_proj/Clip", new("Clip"), all,
                graph.Scalar($"{Place(layer)}/qkv_proj/least", -(float)clip), graph.Scalar($"{Place(layer)}/qkv_proj/most", (float)clip))
            : all;
    }

    private (string Queries, string Keys, string Values) Normed(int layer, string projections)
    {
        var (place, key, value) = ($"{Place(layer)}/Split", $"{Place(layer)}/Split/output_1", $"{Place(layer)}/Split/output_2");
        var (queryWidth, keyWidth) = (spec.HeadCount * _layout.Size, spec.KeyValueHeadCount * _layout.Size);
        graph.Node(
            place, new("Split") { Integers = [("axis", 1)] },
            [projections, graph.Constant($"{place}/widths", queryWidth, keyWidth, keyWidth)], $"{place}/output_0", key, value);
        return (
            Norm(DecoderTensors.QueryNorm(layer), $"{place}/output_0", spec.HeadCount),
            Norm(DecoderTensors.KeyNorm(layer), key, spec.KeyValueHeadCount),
            Batched($"{Place(layer)}/values", value, spec.KeyValueHeadCount));
    }

    /// <returns>[B, S, heads * D].</returns>
    private string Norm(string name, string x, int heads)
    {
        var place = DecoderBlocks.Place(name);
        if (spec.QueryKeyNorm == QueryKeyNormKind.PerHead)
            x = graph.Node($"{place}/heads/Reshape", new("Reshape"), x, graph.Constant($"{place}/heads/shape", -1, _layout.Size));
        var weighted = spec.QueryKeyNorm == QueryKeyNormKind.PerHead ? 1 : heads;
        List<string> parameters = [blocks.Weights.QueryKeyNorm(name, "weight", weighted)];
        if (spec is { Norm: NormKind.Layer, NormBias: true })
            parameters.Add(blocks.Weights.QueryKeyNorm(name, "bias", weighted));
        // A mean over padded heads is smaller than one over heads: the weights make up for it, and the epsilon here.
        var epsilon = spec.NormEpsilon * spec.HeadSize / _layout.Size;
        return Batched(place, graph.Norm(place, spec.Norm, epsilon, x, "", [.. parameters]).Normed, heads);
    }

    /// <returns>[B, S, N * D], or [T, N * D].</returns>
    private string Attend(int layer, string queries, string keys, string values)
    {
        var attention = spec.AttentionOf(layer);
        var (cos, sin) = attention.Rotary is { } rotary ? Rotary(rotary) : ("", "");
        if (isPaged)
            return graph.Node($"{Place(layer)}/PagedAttention", PagedOperator(layer, attention), queries, keys, values, cos, sin, _biases);
        var place = $"{Place(layer)}/GroupQueryAttention";
        var (presentKeys, presentValues) = (DecoderGraph.PresentKeys(layer), DecoderGraph.PresentValues(layer));
        graph.Node(
            place,
            GroupQueryAttention(attention),
            [
                queries, keys, values, Cache(DecoderGraph.PastKeys(layer)), Cache(DecoderGraph.PastValues(layer)),
                DecoderGraph.LastPositions, DecoderGraph.LongestLength, cos, sin, .. Optional(_biases),
            ],
            $"{place}/output_0", presentKeys, presentValues);
        foreach (var present in new[] { presentKeys, presentValues })
            graph.Output(present, DataType.Float, "B", spec.KeyValueHeadCount, "P", _layout.Size);
        return $"{place}/output_0";

        string Cache(string name) => graph.Input(name, DataType.Float, "B", spec.KeyValueHeadCount, "P", _layout.Size);

        // The operator's position ids, in front of the biases, are left out: it counts by itself.
        string[] Optional(string biases) => biases.Length == 0 ? [] : ["", biases];
    }

    private Operator GroupQueryAttention(LayerAttention attention)
    {
        List<(string, float)> floats = [("scale", (float)spec.AttentionScale)];
        if (spec.AttentionSoftCap is { } cap)
            floats.Add(("softcap", (float)cap));
        return new("GroupQueryAttention", Operator.Contributed)
        {
            Integers =
            [
                ("num_heads", spec.HeadCount),
                ("kv_num_heads", spec.KeyValueHeadCount),
                ("do_rotary", attention.Rotary is null ? 0 : 1),
                ("local_window_size", attention.SlidingWindow ?? -1),
            ],
            Floats = floats,
        };
    }

    private Operator PagedOperator(int layer, LayerAttention attention) => new(nameof(PagedAttention), Operator.OwnOfSession)
    {
        Integers = [(PagedAttention.Layer, layer), (PagedAttention.Window, attention.SlidingWindow ?? 0)],
        Floats = [(PagedAttention.Scale, (float)spec.AttentionScale), (PagedAttention.SoftCap, (float)(spec.AttentionSoftCap ?? 0))],
    };

    /// <summary>Layers that rotate alike share their tables.</summary>
    private (string Cos, string Sin) Rotary(RotarySpec rotary)
    {
        if (!_rotaries.TryGetValue(rotary, out var tables))
            _rotaries.Add(rotary, tables = blocks.Weights.RotaryTables(rotary, $"rotary.{_rotaries.Count}"));
        return tables;
    }

    /// <summary>[1, N, S, L]: a key's bias is the same for every query.</summary>
    private string Biases(AlibiSpec alibi)
    {
        var length = graph.Node(
            "/alibi/length/Reshape", new("Reshape"),
            graph.Node("/alibi/Cast", new("Cast") { Integers = [("to", (long)DataType.Int64)] }, DecoderGraph.LongestLength),
            graph.Constant("/alibi/one", 1));
        var keys = graph.Node(
            "/alibi/Slice", new("Slice"), blocks.Weights.AlibiTable(alibi), graph.Constant("/alibi/zero", 0), length,
            graph.Constant("/alibi/axis", 3));
        var queries = graph.Node(
            "/alibi/queries/Slice", new("Slice"), _batchShape, "/alibi/one", graph.Constant("/alibi/two", 2));
        var shape = graph.Node(
            "/alibi/Concat", new("Concat") { Integers = [("axis", 0)] }, graph.Constant("/alibi/ones", 1, 1), queries, "/alibi/one");
        return graph.Node("/alibi/Expand", new("Expand"), keys, shape);
    }

    /// <summary>[B, S, heads * D] from [T, heads * D], which is what the paged one takes.</summary>
    private string Batched(string place, string x, int heads)
    {
        if (isPaged)
            return x;
        if (!_shapes.TryGetValue(heads, out var shape))
        {
            var width = graph.Constant($"/heads.{heads}/width", heads * _layout.Size);
            shape = graph.Node($"/heads.{heads}/Concat", new("Concat") { Integers = [("axis", 0)] }, _batchShape, width);
            _shapes.Add(heads, shape);
        }
        return graph.Node($"{place}/batched/Reshape", new("Reshape"), x, shape);
    }

    private static string Place(int layer) => $"/layers.{layer}/self_attn";
}
