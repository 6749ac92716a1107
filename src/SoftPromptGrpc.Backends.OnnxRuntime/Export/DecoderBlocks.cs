using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>The parts of a decoder's graph that more than one place needs.</summary>
internal sealed class DecoderBlocks(DecoderSpec spec, DecoderWeights weights, GraphBuilder graph)
{
    public DecoderWeights Weights => weights;

    /// <summary>x + added, normed.</summary>
    /// <param name="added">"" for nothing.</param>
    public string Norm(string name, string x, string added = "") => NormSum(name, x, added).Normed;

    /// <summary>x + added, normed, and x + added itself.</summary>
    /// <inheritdoc cref="Norm"/>
    public (string Normed, string Sum) NormSum(string name, string x, string added)
    {
        List<string> parameters = [weights.Tensor($"{name}.weight")];
        if (spec is { Norm: NormKind.Layer, NormBias: true })
            parameters.Add(weights.Tensor($"{name}.bias"));
        return graph.Norm(Place(name), spec.Norm, spec.NormEpsilon, x, added, [.. parameters]);
    }

    /// <inheritdoc cref="Norm"/>
    public string Add(string place, string x, string added) => added.Length == 0 ? x : graph.Node($"{place}/Add", new("Add"), x, added);

    public string Linear(string name, string x, bool bias) =>
        Linear(name, x, weights.Matrix($"{name}.weight"), bias ? weights.Tensor($"{name}.bias") : "");

    /// <param name="bias">"" for none.</param>
    public string Linear(string name, string x, string weight, string bias) => graph.Product(Place(name), x, weight, bias);

    public string Mlp(int layer, string x)
    {
        var place = $"/layers.{layer}/mlp";
        var up = Linear(DecoderTensors.Up(layer), x, spec.MlpBias);
        var inner = spec.GatedMlp
            ? graph.Node($"{place}/Mul", new("Mul"), Activation(Linear(DecoderTensors.Gate(layer), x, spec.MlpBias)), up)
            : Activation(up);
        return Linear(DecoderTensors.Down(layer), inner, spec.MlpBias);

        string Activation(string y) => graph.Activation(place, spec.Activation, y);
    }

    public static string Place(string name) =>
        "/" + name.Replace('.', '/').Replace("layers/", "layers.", StringComparison.Ordinal);
}
