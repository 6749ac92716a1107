using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>Specs that tests begin from.</summary>
internal static class Specs
{
    public static Wire.Content Text(string text) => new() { Text = text };

    public static Wire.Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };

    public static Wire.Example Example(string input, string target) => new() { Input = Text(input), Target = Text(target) };

    /// <summary>Four examples of two labels, two virtual tokens, three steps.</summary>
    public static Wire.TrainingSpec Small(Action<Wire.TrainingSpec>? change = null)
    {
        var spec = new Wire.TrainingSpec { Prompt = "small", VirtualTokens = 2, Steps = 3, Examples = Examples(4) };
        change?.Invoke(spec);
        return spec;
    }

    public static Wire.InlineExamples Examples(int count) =>
        new() { Examples = { Enumerable.Range(0, count).Select(i => Example($"in {i}", i % 2 == 0 ? "even" : "odd")) } };
}
