using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Examples;

/// <summary>What one row holds: an example, or what is wrong with it.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal sealed record ExampleRow(int Line, Example? Example, string Problem)
{
    public static ExampleRow Good(int line, Content input, Content target) =>
        target.KindCase == Content.KindOneofCase.Text && target.Text.Length == 0 ||
        target.KindCase == Content.KindOneofCase.TokenIds && target.TokenIds.Ids.Count == 0
            ? Bad(line, "the target is empty")
            : new ExampleRow(line, new Example { Input = input, Target = target }, "");

    public static ExampleRow Good(int line, string input, string target) => Good(line, Contents.Text(input), Contents.Text(target));

    public static ExampleRow Bad(int line, string problem) => new(line, null, problem);
}
