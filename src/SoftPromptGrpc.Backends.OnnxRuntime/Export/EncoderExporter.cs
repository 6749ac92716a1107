using SoftPromptGrpc.Core.Models;
using static SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx.TensorProto.Types;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

// S: positions, H: hidden size. Shapes of inputs and outputs: see EncoderDecoderGraphs.

/// <summary>
/// Writes the encoder, and behind it what only depends on its output: the keys and values of every cross-attention.
/// </summary>
internal sealed class EncoderExporter(EncoderDecoderSpec spec, IModelWeights weights, GraphBuilder graph)
{
    private const string Half = EncoderDecoderTensors.Encoder;
    private const string BatchedShape = "batched_shape";
    private const string RowsShape = "rows_shape";

    private readonly HalfBlocks _blocks = new(spec, weights, graph);
    private readonly int _width = spec.HeadCount * spec.HeadSize;

    public void Build(CancellationToken cancellationToken)
    {
        var x = graph.Input(EncoderDecoderGraphs.Embeddings, DataType.Float, "S", spec.HiddenSize);
        if (spec.RelativePositions is not null)
            graph.Input(EncoderDecoderGraphs.Bias, DataType.Float, 1, spec.HeadCount, "S", "S");
        graph.Constant(BatchedShape, 1, -1, _width);
        graph.Constant(RowsShape, -1, _width);
        var stream = _blocks.Begin(Half, x, () => graph.Input(DecoderGraph.Positions, DataType.Int64, "S"));
        for (var layer = 0; layer < spec.LayerCount; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (attention, mlp) = (EncoderDecoderTensors.SelfAttention(Half, layer), EncoderDecoderTensors.Mlp(Half, layer));
            stream = _blocks.Sublayer(attention, stream, rows => Attention(attention, rows));
            stream = _blocks.Sublayer(mlp, stream, rows => _blocks.Mlp(mlp, rows));
        }
        var encoded = _blocks.End(Half, stream);
        for (var layer = 0; layer < spec.DecoderLayerCount; layer++)
            Encoded(layer, encoded);
    }

    private string Attention(string name, string x)
    {
        var op = new Operator("MultiHeadAttention", Operator.Contributed)
        {
            Integers = [("num_heads", spec.HeadCount)],
            Floats = [("scale", (float)spec.AttentionScale)],
        };
        string[] inputs =
        [
            Batched(EncoderDecoderTensors.Query(name), x),
            Batched(EncoderDecoderTensors.Key(name), x),
            Batched(EncoderDecoderTensors.Value(name), x),
        ];
        if (spec.RelativePositions is not null)
            inputs = [.. inputs, "", "", EncoderDecoderGraphs.Bias];
        var y = graph.Node($"/{name}/{op.Type}", op, inputs);
        return _blocks.Linear(EncoderDecoderTensors.Output(name), graph.Node($"/{name}/Reshape", new("Reshape"), y, RowsShape));
    }

    /// <summary>[1, S, heads * size].</summary>
    private string Batched(string projection, string x) =>
        graph.Node($"/{projection}/Reshape", new("Reshape"), _blocks.Linear(projection, x), BatchedShape);

    private void Encoded(int layer, string encoded)
    {
        var (name, output) = (EncoderDecoderTensors.CrossAttention(layer), EncoderDecoderGraphs.Encoded(layer));
        string[] projections = [EncoderDecoderTensors.Key(name), EncoderDecoderTensors.Value(name)];
        var weight = _blocks.Weights.Heads($"{name}.kv_proj", "weight", projections);
        var bias = spec.Bias ? _blocks.Weights.Heads($"{name}.kv_proj", "bias", projections) : "";
        graph.Product($"/{name}/kv_proj", encoded, weight, bias, output: output);
        graph.Output(output, DataType.Float, "S", 2 * spec.HeadCount * _blocks.Weights.HeadSize);
    }
}
