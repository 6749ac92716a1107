using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

internal static class GenerationView
{
    public static void Write(Terminal terminal, Generation generation, bool asIds)
    {
        terminal.WriteLine(Answer(generation, asIds));
        if (generation.Tokens.Count > 0)
            WriteTokens(terminal, generation.Tokens);
    }

    /// <summary>The text, or the ids where they were asked for or the model has no tokenizer.</summary>
    public static string Answer(Generation generation, bool asIds) =>
        asIds || (generation.Text.Length == 0 && generation.TokenIds.Count > 0) ? Ids(generation.TokenIds) : generation.Text;

    public static string Ids(IEnumerable<uint> ids) => string.Join(' ', ids);

    public static void WriteTokens(Terminal terminal, IEnumerable<TokenDetail> tokens)
    {
        var table = new Listing("ID", "TOKEN", "LOG P", "ALTERNATIVES");
        foreach (var token in tokens)
        {
            table.Add(
                $"{token.TokenId}",
                token.Token,
                Figures.Loss(token.LogProbability),
                string.Join("  ", token.Alternatives.Select(Describe)));
        }

        table.Write(terminal);
    }

    private static string Describe(TokenAlternative alternative)
    {
        var name = alternative.Token.Length > 0 ? alternative.Token : $"{alternative.TokenId}";
        return $"{name} {Figures.Loss(alternative.LogProbability)}";
    }
}
