using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>The operators that exported graphs use. They live as long as the process: any session may still know them.</summary>
internal static class OwnOperators
{
    private static readonly CustomOperatorDomain Domain = new(Operator.Own, PanelProduct.OfFloat(), PanelProduct.OfInt8());

    public static void AddTo(SessionOptions options) => Domain.AddTo(options);
}
