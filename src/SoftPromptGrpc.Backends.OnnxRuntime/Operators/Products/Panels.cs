namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>
/// How a matrix [outputs, inputs] lies in memory for <see cref="PanelProduct"/>: 48 outputs after another, each panel [inputs, 48] as one
/// stream. In 8 bits two inputs lie side by side, [inputs / 2, 48, 2]. Missing outputs and inputs are zeros.
/// </summary>
internal static class Panels
{
    public const int Width = 48;

    public static int Count(int outputs) => (outputs + Width - 1) / Width;

    /// <summary>Of a row in 8 bits.</summary>
    public static int Even(int inputs) => (inputs + 1) / 2 * 2;
}
