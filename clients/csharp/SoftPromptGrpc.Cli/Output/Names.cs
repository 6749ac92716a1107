using System.CommandLine;
using System.Text.Json;

namespace SoftPromptGrpc.Cli.Output;

/// <summary>The contract's enums as words: PromptTuning is "prompt_tuning".</summary>
internal static class Names
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Lets an option take the words of an enum, its unspecified value left out.</summary>
    public static Option<T?> Words<T>(this Option<T?> option)
        where T : struct, Enum
    {
        option.HelpName = string.Join('|', All<T>());
        option.CompletionSources.Add(All<T>());
        option.CustomParser = result =>
        {
            var word = result.Tokens[0].Value;
            if (All<T>().Contains(word))
                return Enum.GetValues<T>().First(value => Of(value) == word);
            result.AddError($"'{word}' is none of {string.Join(", ", All<T>())}.");
            return null;
        };
        return option;
    }

    private static string[] All<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Where(value => Convert.ToInt32(value, null) != 0).Select(Of)];
}
