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
            var table = Weights.Table(EncoderDecoderTensors.PositionEmbedding(half));
            var rows = graph.Node("/embed_positions/Gather", new("Gather"), table, positions());
            x = graph.Node("/embed_positions/Add", new("Add"), x, rows);
        }
        return new(spec.EmbeddingNorm ? Norm(EncoderDecoderTensors.EmbeddingNorm(half), x, "").Normed : x);
    }

    public string Mlp(string name, string x)
    {
        var up = Linear(EncoderDecoderTensors.Up(name), x);
        var inner = spec.GatedMlp
            ? graph.Node($"/{name}/Mul", new("Mul"), Activation(Linear(EncoderDecoderTensors.Gate(name), x)), up)
            : Activation(up);
        return Linear(EncoderDecoderTensors.Down(name), inner);

        string Activation(string y) => graph.Activation($"/{name}", spec.Activation, y);
    }

    /// <summary>One projection with the checkpoint's own matrix.</summary>
    public string Linear(string name, string x) =>
        Linear(name, x, Weights.Matrix($"{name}.weight"), spec.Bias ? Weights.Tensor($"{name}.bias") : "");

    /// <param name="bias">"" for none.</param>
    public string Linear(string name, string x, string weight, string bias) => graph.Product($"/{name}", x, weight, bias);

    /// <summary>x + added, normed, and x + added itself.</summary>
    private (string Normed, string Sum) Norm(string name, string x, string added)
    {
        List<string> parameters = [Weights.Tensor($"{name}.weight")];
        if (spec.Norm == NormKind.Layer)
            parameters.Add(Weights.Tensor($"{name}.bias"));
        return graph.Norm($"/{name}", spec.Norm, spec.NormEpsilon, x, added, [.. parameters]);
    }
}
