using System.CommandLine;

namespace SoftPromptGrpc.Cli;

internal static class Labels
{
    public static Option<Dictionary<string, string>> Option() => new("--label")
    {
        Description = "A label to store with the prompt; may be repeated.",
        HelpName = "KEY=VALUE",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            var labels = new Dictionary<string, string>();
            foreach (var text in result.Tokens.Select(token => token.Value))
            {
                var (key, value) = text.Split('=', 2) is [var k, var v] ? (k, v) : ("", "");
                if (key.Length == 0 || !labels.TryAdd(key, value))
                    result.AddError($"'{text}' is not KEY=VALUE with a key of its own.");
            }

            return labels;
        },
    };
}
