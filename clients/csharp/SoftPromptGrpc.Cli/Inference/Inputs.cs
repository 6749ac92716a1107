using System.Globalization;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

internal static class Inputs
{
    /// <exception cref="UsageException">Token ids were announced and it holds something else.</exception>
    public static Content Parse(string text, bool asTokenIds)
    {
        if (!asTokenIds)
            return Contents.Text(text);
        var words = text.Split([' ', ',', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return Contents.TokenIds(words.Select(ParseId));
    }

    /// <summary>The argument, else everything that is piped in, its last line break left out; null: neither.</summary>
    public static async Task<string?> ReadAsync(Invocation invocation, string? argument, CancellationToken cancellationToken)
    {
        if (argument is not null || invocation.Terminal.PipedInput is not { } input)
            return argument;
        var text = await input.ReadToEndAsync(cancellationToken);
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }

    private static uint ParseId(string word) => uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        ? id
        : throw new UsageException($"'{word}' is not a token id.");
}
