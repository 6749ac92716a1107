using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>The residual stream [rows, H], and what is to be added to it: the next norm adds, in one pass.</summary>
internal readonly record struct Stream(string X, string Added = "");

/// <summary>What the graphs of an encoder and of its decoder are made of.</summary>
internal sealed class HalfBlocks(EncoderDecoderSpec spec, IModelWeights weights, GraphBuilder graph)
{
    public HalfWeights Weights { get; } = new(spec, weights, graph);

    /// <summary>norm(x + f(x)), or x + f(norm(x)).</summary>
    public Stream Sublayer(string name, Stream stream, Func<string, string> sublayer)
    {
        var norm = EncoderDecoderTensors.NormOf(name);
        if (spec.PostNorm)
            return new(Norm(norm, stream.X, sublayer(stream.X)).Normed);
        var (normed, sum) = Norm(norm, stream.X, stream.Added);
        return new(sum, sublayer(normed));
    }

    /// <summary>What leaves the half's last layer.</summary>
    public string End(string half, Stream stream) =>
        spec.PostNorm ? stream.X : Norm(EncoderDecoderTensors.FinalNorm(half), stream.X, stream.Added).Normed;

    /// <summary>The rows that the first layer gets.</summary>
    /// <param name="positions">int64 or int32, one for each row; only with learned positions.</param>
    public Stream Begin(string half, string x, Func<string> positions)
    {
        if (spec.RelativePositions is null)
        {
            var table = Weights.Matrix(EncoderDecoderTensors.PositionEmbedding(half));
            var rows = graph.Node("/embed_positions/Gather", new("Gather"), table, positions());
            x = graph.Node("/embed_positions/Add", new("Add"), x, rows);
        }
        return new(spec.EmbeddingNorm ? Norm(EncoderDecoderTensors.EmbeddingNorm(half), x, "").Normed : x);
    }

    public string Mlp(string name, string x)
    {
        var up = Linear(EncoderDecoderTensors.Up(name), x);
        var inner = spec.GatedMlp
            ? graph.Node($"/{name}/Mul", new("Mul"), Activation(name, Linear(EncoderDecoderTensors.Gate(name), x)), up)
            : Activation(name, up);
        return Linear(EncoderDecoderTensors.Down(name), inner);
    }

    /// <summary>One projection with the checkpoint's own matrix.</summary>
    public string Linear(string name, string x) =>
        Gemm(name, x, Weights.Tensor($"{name}.weight"), spec.Bias ? Weights.Tensor($"{name}.bias") : "");

    /// <param name="bias">"" for none.</param>
    public string Gemm(string name, string x, string weight, string bias) => graph.Node($"/{name}/Gemm", GemmOperator, x, weight, bias);

    // Weights keep their checkpoint's layout, [outputs, inputs]: nothing is transposed on the way.
    public static Operator GemmOperator => new("Gemm") { Integers = [("transB", 1)] };

    private string Activation(string name, string x)
    {
        var op = spec.Activation switch
        {
            ActivationKind.Gelu => new Operator("Gelu"),
            ActivationKind.GeluTanh => new Operator("FastGelu", Operator.Contributed),
            ActivationKind.Silu => new Operator("QuickGelu", Operator.Contributed) { Floats = [("alpha", 1)] },
            ActivationKind.Relu => new Operator("Relu"),
            ActivationKind.QuickGelu => new Operator("QuickGelu", Operator.Contributed) { Floats = [("alpha", 1.702f)] },
        };
        return graph.Node($"/{name}/{op.Type}", op, x);
    }

    /// <summary>x + added, normed, and x + added itself.</summary>
    private (string Normed, string Sum) Norm(string name, string x, string added)
    {
        var layerNorm = spec.Norm == NormKind.Layer;
        var kind = layerNorm ? "LayerNormalization" : "SimplifiedLayerNormalization";
        List<string> parameters = [Weights.Tensor($"{name}.weight")];
        if (layerNorm)
            parameters.Add(Weights.Tensor($"{name}.bias"));
        (string, float)[] epsilon = [("epsilon", (float)spec.NormEpsilon)];
        if (added.Length == 0)
            return (graph.Node($"/{name}/{kind}", new(kind) { Floats = epsilon }, [x, .. parameters]), x);
        var node = $"/{name}/Skip{kind}";
        graph.Node(
            node,
            new($"Skip{kind}", Operator.Contributed) { Floats = epsilon },
            [x, added, .. parameters],
            $"{node}/output_0", "", "", $"{node}/output_3");
        return ($"{node}/output_0", $"{node}/output_3");
    }
}
