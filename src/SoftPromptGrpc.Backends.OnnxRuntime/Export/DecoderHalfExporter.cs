using SoftPromptGrpc.Core.Models;
using static SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx.TensorProto.Types;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

// B: sequences, H: hidden size, N: heads, D: padded head size. Shapes of inputs and outputs: see EncoderDecoderGraphs.

/// <summary>Writes one step of the decoder: a position of each sequence, behind what the caches hold.</summary>
internal sealed class DecoderHalfExporter(EncoderDecoderSpec spec, IModelWeights weights, GraphBuilder graph)
{
    private const string Half = EncoderDecoderTensors.Decoder;
    private const string BatchedShape = "batched_shape";
    private const string RowsShape = "rows_shape";

    private readonly HalfBlocks _blocks = new(spec, weights, graph);
    private readonly int _headSize = new HeadLayout(spec).Size;

    public void Build(CancellationToken cancellationToken)
    {
        var x = Inputs();
        var stream = _blocks.Begin(Half, x, () => DecoderGraph.LastPositions);
        for (var layer = 0; layer < spec.DecoderLayerCount; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var index = layer;
            var mlp = EncoderDecoderTensors.Mlp(Half, layer);
            stream = _blocks.Sublayer(EncoderDecoderTensors.SelfAttention(Half, layer), stream, rows => SelfAttention(index, rows));
            stream = _blocks.Sublayer(EncoderDecoderTensors.CrossAttention(layer), stream, rows => CrossAttention(index, rows));
            stream = _blocks.Sublayer(mlp, stream, rows => _blocks.Mlp(mlp, rows));
        }
        Head(_blocks.End(Half, stream));
    }

    private string Inputs()
    {
        graph.Input(DecoderGraph.LastPositions, DataType.Int32, "B");
        graph.Input(DecoderGraph.LongestLength, DataType.Int32);
        graph.Input(EncoderDecoderGraphs.EncodedLastPositions, DataType.Int32, "B");
        graph.Input(EncoderDecoderGraphs.EncodedLength, DataType.Int32);
        graph.Input(EncoderDecoderGraphs.EncodedLast, DataType.Int64, "B", spec.HeadCount, 1);
        if (spec.RelativePositions is not null)
            graph.Input(EncoderDecoderGraphs.Bias, DataType.Float, "B", spec.HeadCount, 1, "L");
        graph.Constant(BatchedShape, -1, 1, spec.HeadCount * _headSize);
        graph.Constant(RowsShape, -1, spec.HeadCount * _headSize);
        return graph.Input(EncoderDecoderGraphs.Embeddings, DataType.Float, "B", spec.HiddenSize);
    }

    private string SelfAttention(int layer, string x)
    {
        var name = EncoderDecoderTensors.SelfAttention(Half, layer);
        var cache = new Cache(
            DecoderGraph.PastKeys(layer), DecoderGraph.PastValues(layer),
            DecoderGraph.PresentKeys(layer), DecoderGraph.PresentValues(layer), "P",
            DecoderGraph.LastPositions, DecoderGraph.LongestLength);
        return Attention(
            name, x, Projected(EncoderDecoderTensors.Key(name), x), Projected(EncoderDecoderTensors.Value(name), x), cache,
            spec.RelativePositions is null ? "" : EncoderDecoderGraphs.Bias);
    }

    /// <summary>
    /// The operator always appends a key and a value before it attends: here the last ones of the encoded input, onto themselves.
    /// </summary>
    private string CrossAttention(int layer, string x)
    {
        var name = EncoderDecoderTensors.CrossAttention(layer);
        var cache = new Cache(
            EncoderDecoderGraphs.EncodedKeys(layer), EncoderDecoderGraphs.EncodedValues(layer),
            EncoderDecoderGraphs.PresentEncodedKeys(layer), EncoderDecoderGraphs.PresentEncodedValues(layer), "E",
            EncoderDecoderGraphs.EncodedLastPositions, EncoderDecoderGraphs.EncodedLength);
        return Attention(name, x, Last($"/{name}/key", cache.Keys), Last($"/{name}/value", cache.Values), cache, bias: "");
    }

    private string Last(string place, string cache)
    {
        var gather = new Operator("GatherND") { Integers = [("batch_dims", 2)] };
        return graph.Node(
            $"{place}/Reshape", new("Reshape"), graph.Node($"{place}/GatherND", gather, cache, EncoderDecoderGraphs.EncodedLast), BatchedShape);
    }

    /// <returns>[B, H].</returns>
    private string Attention(string name, string x, string key, string value, Cache cache, string bias)
    {
        Hold(cache);
        var output = $"/{name}/GroupQueryAttention/output_0";
        graph.Node(
            $"/{name}/GroupQueryAttention",
            new("GroupQueryAttention", Operator.Contributed)
            {
                Integers = [("num_heads", spec.HeadCount), ("kv_num_heads", spec.HeadCount)],
                Floats = [("scale", (float)spec.AttentionScale)],
            },
            [
                Projected(EncoderDecoderTensors.Query(name), x), key, value, cache.Keys, cache.Values,
                cache.LastPositions, cache.LongestLength, "", "", "", bias,
            ],
            output, cache.PresentKeys, cache.PresentValues);
        var projection = EncoderDecoderTensors.Output(name);
        return _blocks.Linear(
            projection, graph.Node($"/{name}/Reshape", new("Reshape"), output, RowsShape),
            _blocks.Weights.AttentionOutput(projection), spec.Bias ? _blocks.Weights.Tensor($"{projection}.bias") : "");
    }

    /// <summary>[B, 1, N * D].</summary>
    private string Projected(string name, string x)
    {
        var weight = _blocks.Weights.Heads(name, "weight", name);
        var bias = spec.Bias ? _blocks.Weights.Heads(name, "bias", name) : "";
        return graph.Node($"/{name}/Reshape", new("Reshape"), _blocks.Linear(name, x, weight, bias), BatchedShape);
    }

    private void Hold(Cache cache)
    {
        foreach (var past in new[] { cache.Keys, cache.Values })
            graph.Input(past, DataType.Float, "B", spec.HeadCount, cache.Room, _headSize);
        foreach (var present in new[] { cache.PresentKeys, cache.PresentValues })
            graph.Output(present, DataType.Float, "B", spec.HeadCount, cache.Room, _headSize);
    }

    private void Head(string x)
    {
        var weight = _blocks.Weights.LargeMatrix(spec.TiedHead ? EncoderDecoderTensors.TokenEmbedding : $"{EncoderDecoderTensors.Head}.weight");
        var bias = spec.HeadBias ? _blocks.Weights.Tensor($"{EncoderDecoderTensors.Head}.bias") : "";
        graph.Product("/lm_head", x, weight, bias, (float)spec.HeadScale, DecoderGraph.Logits);
        graph.Output(DecoderGraph.Logits, DataType.Float, "B", spec.VocabularySize);
    }

    private sealed record Cache(
        string Keys, string Values, string PresentKeys, string PresentValues, string Room, string LastPositions, string LongestLength);
}
