using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

internal static class TokenizeCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var text = new Argument<string?>("TEXT")
        {
            Description = "What to encode. Default: standard input.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var model = new Option<string>("--model", "-m") { Description = "The base model. Default: the prompt's, or the only one." };
        var prompt = new Option<string>("--prompt", "-p") { Description = "A prompt whose template is applied. Default: none." };
        var asIds = new Option<bool>("--token-ids") { Description = "TEXT holds token ids, to decode." };
        var bare = new Option<bool>("--no-special-tokens") { Description = "Leaves out special tokens such as BOS." };
        return new Command("tokenize", "Token ids of a text, or the text of token ids.") { text, model, prompt, asIds, bare }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var input = await Inputs.ReadAsync(invocation, invocation.Get(text), cancellationToken)
                    ?? throw new UsageException("There is no TEXT and nothing is piped in.");
                var request = new TokenizeRequest
                {
                    Model = invocation.Get(model) ?? "",
                    Prompt = invocation.Get(prompt) ?? "",
                    Content = Inputs.Parse(input, invocation.Get(asIds)),
                };
                if (invocation.Get(bare))
                    request.AddSpecialTokens = false;
                Write(invocation, await invocation.Client.TokenizeAsync(request, cancellationToken), invocation.Get(asIds));
                return ExitCode.Ok;
            });
    }

    private static void Write(Invocation invocation, TokenizeResponse response, bool decode)
    {
        if (invocation.Json)
            invocation.Terminal.WriteJson(response);
        else if (decode)
            invocation.Terminal.WriteLine(response.Text);
        else
            WriteTokens(invocation.Terminal, response);
    }

    private static void WriteTokens(Terminal terminal, TokenizeResponse response)
    {
        terminal.WriteLine(GenerationView.Ids(response.TokenIds));
        if (response.Tokens.Count > 0)
            terminal.WriteLine(string.Join(' ', response.Tokens.Select(PlainText.OnOneLine)));
        var context = response.ContextLength > 0 ? $" of {Figures.Count(response.ContextLength)}" : "";
        var soft = response.SoftPromptTokens > 0 ? $" and {response.SoftPromptTokens} virtual ones" : "";
        terminal.WriteLine($"{Figures.Count(response.TokenIds.Count)} tokens{soft}{context}");
    }
}
