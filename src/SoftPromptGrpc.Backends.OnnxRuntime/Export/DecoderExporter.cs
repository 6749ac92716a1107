using SoftPromptGrpc.Core.Models;
using static SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx.TensorProto.Types;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

// Shapes: see DecoderGraph. T = B * S rows inside a layer; R rows after the last attention.

/// <summary>Writes a decoder as an ONNX graph in float32. Reads nothing but the spec; DESIGN.md beside this file says why so.</summary>
internal sealed class DecoderExporter
{
    /// <summary>Part of the export's identity: raised with every change of what is written.</summary>
    public const int Version = 1;

    private const string QueryKeyValueShape = "qkv_shape";
    private const string AttentionShape = "attention_shape";

    private readonly DecoderSpec _spec;
    private readonly GraphBuilder _graph;
    private readonly DecoderWeights _weights;
    private readonly int _headSize;
    private string _batchShape = "";
    private string _headWeight = "";
    private (string Cos, string Sin) _rotary = ("", "");

    private DecoderExporter(DecoderSpec spec, IModelWeights weights, GraphBuilder graph)
    {
        (_spec, _graph, _weights) = (spec, graph, new(spec, weights, graph));
        _headSize = HeadLayout.PaddedSize(spec);
    }

    /// <summary>Writes the model's files.</summary>
    /// <param name="directory">Exists and is empty.</param>
    public static IReadOnlyList<ExportedFile> Export(
        DecoderSpec spec, IModelWeights weights, string directory, CancellationToken cancellationToken)
    {
        using var graph = new GraphBuilder(directory);
        new DecoderExporter(spec, weights, graph).Build(cancellationToken);
        return graph.Complete();
    }

    private void Build(CancellationToken cancellationToken)
    {
        _graph.Input(DecoderGraph.LogitRows, DataType.Int64, "R");
        _graph.Input(DecoderGraph.LastPositions, DataType.Int32, "B");
        _graph.Input(DecoderGraph.LongestLength, DataType.Int32);
        var (x, added) = (Embeddings(), "");
        WriteShared();
        for (var layer = 0; layer < _spec.LayerCount; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (x, added) = Layer(layer, x, added);
        }
        var (normed, _) = Norm(DecoderTensors.FinalNorm, x, added);
        _graph.Node("/lm_head/Gemm", GraphBlocks.Gemm, [normed, _headWeight], DecoderGraph.Logits);
        _graph.Output(DecoderGraph.Logits, DataType.Float, "R", _spec.VocabularySize);
    }

    /// <summary>[T, H].</summary>
    private string Embeddings()
    {
        var x = _graph.Input(DecoderGraph.Embeddings, DataType.Float, "B", "S", _spec.HiddenSize);
        _batchShape = _graph.Node("/Shape", new("Shape") { Integers = [("start", 0), ("end", 2)] }, x);
        if (_spec.Positions == PositionKind.Learned)
        {
            var positions = _graph.Input(DecoderGraph.Positions, DataType.Int64, "B", "S");
            var table = _weights.Matrix(DecoderTensors.PositionEmbedding);
            x = _graph.Node("/embed_positions/Add", new("Add"), x, _graph.Node("/embed_positions/Gather", new("Gather"), table, positions));
        }
        return _graph.Node("/Reshape", new("Reshape"), x, _graph.Constant("rows_shape", -1, _spec.HiddenSize));
    }

    private void WriteShared()
    {
        var width = (_spec.HeadCount + 2 * _spec.KeyValueHeadCount) * _headSize;
        _graph.Node(
            "/Concat", new("Concat") { Integers = [("axis", 0)] }, [_batchShape, _graph.Constant("qkv_width", width)], QueryKeyValueShape);
        _graph.Constant(AttentionShape, -1, _spec.HeadCount * _headSize);
        if (_spec.Rotary is { } rotary)
            _rotary = _weights.RotaryTables(rotary);
        _headWeight = _weights.Matrix(_spec.TiedHead ? DecoderTensors.TokenEmbedding : $"{DecoderTensors.Head}.weight");
    }

    /// <summary>The residual stream and what is to be added to it: the next norm adds, in one pass.</summary>
    private (string X, string Added) Layer(int layer, string x, string added)
    {
        (var normed, x) = Norm(DecoderTensors.InputNorm(layer), x, added);
        var attention = Attention(layer, normed);
        if (layer == _spec.LayerCount - 1)
        {
            var gather = new Operator("Gather");
            attention = _graph.Node($"/layers.{layer}/self_attn/Gather", gather, attention, DecoderGraph.LogitRows);
            x = _graph.Node($"/layers.{layer}/Gather", gather, x, DecoderGraph.LogitRows);
        }
        var output = DecoderTensors.AttentionOutput(layer);
        attention = Linear(output, attention, _weights.AttentionOutput(layer), _spec.AttentionOutputBias ? $"{output}.bias" : null);
        if (_spec.Residual == ResidualKind.Parallel)
        {
            (normed, _) = Norm(DecoderTensors.MlpNorm(layer), x, "");
            return (x, _graph.Node($"/layers.{layer}/Add", new("Add"), attention, Mlp(layer, normed)));
        }
        (normed, x) = Norm(DecoderTensors.MlpNorm(layer), x, attention);
        return (x, Mlp(layer, normed));
    }

    /// <summary>[T, heads * D], the heads' outputs side by side.</summary>
    private string Attention(int layer, string x)
    {
        var place = $"/layers.{layer}/self_attn";
        var bias = _spec.AttentionBias ? _weights.QueryKeyValue(layer, "bias") : "";
        var qkv = _graph.Node($"{place}/qkv_proj/Gemm", GraphBlocks.Gemm, x, _weights.QueryKeyValue(layer, "weight"), bias);
        qkv = _graph.Node($"{place}/qkv_proj/Reshape", new("Reshape"), qkv, QueryKeyValueShape);
        var output = $"{place}/GroupQueryAttention/output_0";
        _graph.Node(
            $"{place}/GroupQueryAttention",
            GroupQueryAttention(),
            [
                qkv, "", "", Cache(DecoderGraph.PastKeys(layer)), Cache(DecoderGraph.PastValues(layer)),
                DecoderGraph.LastPositions, DecoderGraph.LongestLength, _rotary.Cos, _rotary.Sin,
            ],
            output, DecoderGraph.PresentKeys(layer), DecoderGraph.PresentValues(layer));
        Present(DecoderGraph.PresentKeys(layer));
        Present(DecoderGraph.PresentValues(layer));
        return _graph.Node($"{place}/Reshape", new("Reshape"), output, AttentionShape);

        string Cache(string name) => _graph.Input(name, DataType.Float, "B", _spec.KeyValueHeadCount, "P", _headSize);

        void Present(string name) => _graph.Output(name, DataType.Float, "B", _spec.KeyValueHeadCount, "P", _headSize);
    }

    private Operator GroupQueryAttention() => new("GroupQueryAttention", Operator.Contributed)
    {
        Integers =
        [
            ("num_heads", _spec.HeadCount),
            ("kv_num_heads", _spec.KeyValueHeadCount),
            ("do_rotary", _spec.Rotary is null ? 0 : 1),
            ("local_window_size", _spec.SlidingWindow ?? -1),
        ],
        Floats = [("scale", (float)_spec.AttentionScale)],
    };

    private string Mlp(int layer, string x)
    {
        var up = Linear(DecoderTensors.Up(layer), x, _spec.MlpBias);
        var place = $"/layers.{layer}/mlp";
        var inner = _spec.GatedMlp
            ? _graph.Node($"{place}/Mul", new("Mul"), _graph.Activation(place, _spec.Activation, Linear(DecoderTensors.Gate(layer), x, _spec.MlpBias)), up)
            : _graph.Activation(place, _spec.Activation, up);
        return Linear(DecoderTensors.Down(layer), inner, _spec.MlpBias);
    }

    /// <summary>x + added, normed, and x + added itself.</summary>
    private (string Normed, string Sum) Norm(string name, string x, string added)
    {
        List<string> parameters = [_weights.Tensor($"{name}.weight")];
        if (_spec.Norm == NormKind.Layer)
            parameters.Add(_weights.Tensor($"{name}.bias"));
        return _graph.Norm(Place(name), _spec.Norm, _spec.NormEpsilon, x, added, [.. parameters]);
    }

    private string Linear(string name, string x, bool bias) =>
        Linear(name, x, _weights.Tensor($"{name}.weight"), bias ? $"{name}.bias" : null);

    private string Linear(string name, string x, string weight, string? bias) =>
        _graph.Node($"{Place(name)}/Gemm", GraphBlocks.Gemm, bias is null ? [x, weight] : [x, weight, _weights.Tensor(bias)]);

    private static string Place(string name) =>
        "/" + name.Replace('.', '/').Replace("layers/", "layers.", StringComparison.Ordinal);
}
