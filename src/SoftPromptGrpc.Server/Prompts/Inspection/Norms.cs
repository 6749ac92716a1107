namespace SoftPromptGrpc.Server.Prompts.Inspection;

/// <summary>Euclidean lengths of vectors.</summary>
internal sealed record Norms(double Min, double Mean, double Max)
{
    /// <param name="norms">At least one.</param>
    public static Norms Of(IReadOnlyCollection<double> norms) => new(norms.Min(), norms.Average(), norms.Max());
}
