using SoftPromptGrpc.Core.Models;
using static SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx.TensorProto.Types;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

// Shapes: see DecoderGraph. T = B * S rows inside a layer; R rows after the last attention.

/// <summary>Writes a decoder as an ONNX graph. Reads nothing but the spec; DESIGN.md beside this file says why so.</summary>
internal sealed class DecoderExporter
{
    /// <summary>Part of the export's identity: raised with every change of what is written.</summary>
    public const int Version = 4;

    private readonly DecoderSpec _spec;
    private readonly GraphBuilder _graph;
    private readonly bool _isPaged;
    private readonly DecoderBlocks _blocks;
    private readonly AttentionExporter _attention;

    private DecoderExporter(DecoderSpec spec, IModelWeights weights, GraphBuilder graph, bool isPaged)
    {
        (_spec, _graph, _isPaged) = (spec, graph, isPaged);
        _blocks = new DecoderBlocks(spec, new DecoderWeights(spec, weights, graph), graph);
        _attention = new AttentionExporter(spec, _blocks, graph, isPaged);
    }

    /// <summary>Writes the model's files: a graph for either engine, over the same weights.</summary>
    /// <param name="directory">Exists and is empty.</param>
    public static IReadOnlyList<ExportedFile> Export(
        DecoderSpec spec, IModelWeights weights, string directory, MatrixFormat format, CancellationToken cancellationToken)
    {
        using var graph = new GraphBuilder(directory, format: format);
        using var paged = new GraphBuilder(graph, DecoderGraph.PagedName);
        new DecoderExporter(spec, weights, graph, isPaged: false).Build(cancellationToken);
        new DecoderExporter(spec, weights, paged, isPaged: true).Build(cancellationToken);
        return [.. paged.Complete(), .. graph.Complete()];
    }

    private void Build(CancellationToken cancellationToken)
    {
        _graph.Input(DecoderGraph.LogitRows, DataType.Int64, "R");
        if (!_isPaged)
        {
            _graph.Input(DecoderGraph.LastPositions, DataType.Int32, "B");
            _graph.Input(DecoderGraph.LongestLength, DataType.Int32);
        }
        var (x, added) = (Embeddings(), "");
        for (var layer = 0; layer < _spec.LayerCount; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (x, added) = Layer(layer, x, added);
        }
        Head(_spec.FinalNorm ? _blocks.Norm(DecoderTensors.FinalNorm, x, added) : _blocks.Add("/output", x, added));
    }

    /// <summary>[T, H].</summary>
    private string Embeddings()
    {
        var x = _graph.Input(DecoderGraph.Embeddings, DataType.Float, "B", "S", _spec.EmbeddingSize);
        _attention.Begin(_graph.Node("/Shape", new("Shape") { Integers = [("start", 0), ("end", 2)] }, x));
        x = Rows("/embed_tokens", x, _spec.EmbeddingSize);
        if (_spec.EmbeddingSize != _spec.HiddenSize)
            x = _blocks.Linear(DecoderTensors.InputProjection, x, bias: false);
        if (_spec.Positions == PositionKind.Learned)
        {
            var positions = _graph.Input(DecoderGraph.Positions, DataType.Int64, "B", "S");
            var table = _blocks.Weights.Table(DecoderTensors.PositionEmbedding);
            var vectors = _graph.Node("/embed_positions/Gather", new("Gather"), table, positions);
            x = _blocks.Add("/embed_positions", x, Rows("/embed_positions", vectors, _spec.HiddenSize));
        }
        return _spec.EmbeddingNorm ? _blocks.Norm(DecoderTensors.EmbeddingNorm, x) : x;
    }

    private string Rows(string place, string x, int width) =>
        _graph.Node($"{place}/Reshape", new("Reshape"), x, _graph.Constant($"{place}/rows_shape", -1, width));

    /// <param name="x">The residual stream.</param>
    /// <param name="added">What is yet to be added to it, "" for nothing: the next norm adds, in one pass.</param>
    private (string X, string Added) Layer(int layer, string x, string added)
    {
        string input;
        if (_spec.Residual.NormsInputs())
            (input, x) = _blocks.NormSum(DecoderTensors.InputNorm(layer), x, added);
        else
            input = x = _blocks.Add($"/layers.{layer}/input", x, added);
        var attention = _attention.Write(layer, input, rows => Wanted(layer, "self_attn", rows));
        return Join(layer, input, x, attention);
    }

    /// <param name="input">The attention's input.</param>
    /// <param name="x">The residual stream in front of the attention.</param>
    private (string X, string Added) Join(int layer, string input, string x, string attention)
    {
        var (mlpNorm, place) = (DecoderTensors.MlpNorm(layer), $"/layers.{layer}");
        var (normed, sum) = ("", "");
        switch (_spec.Residual)
        {
            case ResidualKind.Sequential:
                (normed, sum) = _blocks.NormSum(mlpNorm, Wanted(layer, "residual", x), attention);
                return (sum, _blocks.Mlp(layer, normed));
            case ResidualKind.Sandwich:
                (normed, sum) = _blocks.NormSum(mlpNorm, Wanted(layer, "residual", x), AttentionNorm(attention));
                return (sum, MlpNorm(_blocks.Mlp(layer, normed)));
            case ResidualKind.OutputNorm:
                sum = _blocks.Add(place, Wanted(layer, "residual", x), AttentionNorm(attention));
                return (sum, MlpNorm(_blocks.Mlp(layer, sum)));
            case ResidualKind.PostNorm:
                normed = AttentionNorm(Wanted(layer, "residual", x), attention);
                return (MlpNorm(normed, _blocks.Mlp(layer, normed)), "");
            case ResidualKind.SequentialFromNorm:
                normed = _blocks.Norm(mlpNorm, Wanted(layer, "normed", input), attention);
                return (normed, _blocks.Mlp(layer, normed));
            case ResidualKind.Parallel:
                x = Wanted(layer, "residual", x);
                return (x, _blocks.Add(place, attention, _blocks.Mlp(layer, _blocks.Norm(mlpNorm, x))));
            case ResidualKind.ParallelOneNorm:
                return (
                    Wanted(layer, "residual", x), _blocks.Add(place, attention, _blocks.Mlp(layer, Wanted(layer, "normed", input))));
            default:
                throw new ArgumentOutOfRangeException(nameof(layer), _spec.Residual, null);
        }

        string AttentionNorm(string y, string more = "") => _blocks.Norm(DecoderTensors.AttentionOutputNorm(layer), y, more);

        string MlpNorm(string y, string more = "") => _blocks.Norm(DecoderTensors.MlpOutputNorm(layer), y, more);
    }

    /// <summary>The rows whose logits are wanted: behind the last attention nothing else is computed.</summary>
    private string Wanted(int layer, string what, string x) => layer == _spec.LayerCount - 1
        ? _graph.Node($"/layers.{layer}/{what}/Gather", new("Gather"), x, DecoderGraph.LogitRows)
        : x;

    private void Head(string x)
    {
        if (_spec.EmbeddingSize != _spec.HiddenSize)
            x = _blocks.Linear(DecoderTensors.OutputProjection, x, bias: false);
        var weight = _blocks.Weights.LargeMatrix(_spec.TiedHead ? DecoderTensors.TokenEmbedding : $"{DecoderTensors.Head}.weight");
        var bias = _spec.HeadBias ? _blocks.Weights.Tensor($"{DecoderTensors.Head}.bias") : "";
        var logits = _graph.Product("/lm_head", x, weight, bias, output: _spec.LogitSoftCap is null ? DecoderGraph.Logits : null);
        if (_spec.LogitSoftCap is { } cap)
            Cap(logits, (float)cap);
        _graph.Output(DecoderGraph.Logits, DataType.Float, "R", _spec.VocabularySize);
    }

    private void Cap(string logits, float cap)
    {
        var scalar = _graph.Scalar("logit_cap", cap);
        var bounded = _graph.Node("/lm_head/Tanh", new("Tanh"), _graph.Node("/lm_head/Div", new("Div"), logits, scalar));
        _graph.Node("/lm_head/Mul", new("Mul"), [bounded, scalar], DecoderGraph.Logits);
    }
}
