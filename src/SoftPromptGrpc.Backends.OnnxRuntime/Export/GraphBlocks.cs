using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Parts that every exported graph is made of.</summary>
internal static class GraphBlocks
{
    public static string Activation(this GraphBuilder graph, string place, ActivationKind kind, string x)
    {
        var op = kind switch
        {
            ActivationKind.Gelu => new Operator("Gelu"),
            ActivationKind.GeluTanh => new Operator("FastGelu", Operator.Contributed),
            ActivationKind.Silu => new Operator("QuickGelu", Operator.Contributed) { Floats = [("alpha", 1)] },
            ActivationKind.Relu => new Operator("Relu"),
            ActivationKind.QuickGelu => new Operator("QuickGelu", Operator.Contributed) { Floats = [("alpha", 1.702f)] },
        };
        return graph.Node($"{place}/{op.Type}", op, x);
    }

    /// <summary>x + added, normed, and x + added itself.</summary>
    /// <param name="added">"" for nothing.</param>
    /// <param name="parameters">The norm's weight and, in a layer norm, its bias.</param>
    public static (string Normed, string Sum) Norm(
        this GraphBuilder graph, string place, NormKind kind, double epsilon, string x, string added, params ReadOnlySpan<string> parameters)
    {
        var type = kind == NormKind.Layer ? "LayerNormalization" : "SimplifiedLayerNormalization";
        (string, float)[] settings = [("epsilon", (float)epsilon)];
        if (added.Length == 0)
            return (graph.Node($"{place}/{type}", new(type) { Floats = settings }, [x, .. parameters]), x);
        var node = $"{place}/Skip{type}";
        var sum = $"{node}/output_3";
        graph.Node(
            node,
            new($"Skip{type}", Operator.Contributed) { Floats = settings },
            [x, added, .. parameters],
            $"{node}/output_0", "", "", sum);
        return ($"{node}/output_0", sum);
    }
}
