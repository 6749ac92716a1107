using System.CommandLine;
using SoftPromptGrpc.Cli.Examples;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Cli.Training;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptInspectCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var reference = new Argument<string>("PROMPT") { Description = """Such as "sentiment" or "sentiment@3".""" };
        var nearest = new Option<int>("--nearest") { Description = "Nearest tokens for each virtual token, 0 to 100.", DefaultValueFactory = _ => 5 };
        var others = new Option<string[]>("--compare-with") { Description = "Another prompt; may be repeated.", HelpName = "PROMPT" };
        var data = new Option<FileInfo>("--data", "-d")
        {
            Description = "Examples (.jsonl or .csv) to measure on what each virtual token contributes.",
        }.AcceptExistingOnly();
        return new Command("inspect", "Looks into a prompt.") { reference, nearest, others, data }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var request = new InspectPromptRequest
                {
                    Prompt = invocation.Get(reference),
                    NearestCount = invocation.Get(nearest),
                    CompareWith = { invocation.Get(others) ?? [] },
                };
                if (invocation.Get(data) is { } file)
                    request.Examples = Examples(file);
                Write(invocation, await invocation.Client.InspectPromptAsync(request, cancellationToken));
                return ExitCode.Ok;
            });
    }

    private static InspectionExamples Examples(FileInfo file)
    {
        var examples = ExampleFile.Read(file, new ExampleFields("input", "target")).Examples;
        return new InspectionExamples { Inputs = { examples.Select(e => e.Input) }, Targets = { examples.Select(e => e.Target) } };
    }

    private static void Write(Invocation invocation, InspectPromptResponse response)
    {
        if (invocation.Json)
        {
            invocation.Terminal.WriteJson(response);
            return;
        }

        var table = new Listing("TOKEN", "NORM", "NEAREST (COSINE)", "SAME AS", "IMPORTANCE");
        foreach (var token in response.VirtualTokens)
        {
            table.Add(
                Figures.Count(token.Index),
                Figures.Loss(token.Norm),
                string.Join(", ", token.Nearest.Select(near => $"{Name(near)} ({Figures.Number(near.Cosine)})")),
                token.DuplicateOf < 0 ? "" : Figures.Count(token.DuplicateOf),
                token.HasImportance ? Figures.Loss(token.Importance) : "");
        }

        table.Write(invocation.Terminal);
        invocation.Terminal.WriteFields(
        [
            ("norms", Describe(response.PromptNorms)),
            ("vocabulary's norms", Describe(response.VocabularyNorms)),
            .. response.Similarities.Select(other => ($"cosine with {other.Prompt}", Figures.Loss(other.Cosine))),
            ("on the examples", TrainingWords.Describe(response.SoftMetrics)),
            ("with nearest tokens", TrainingWords.Describe(response.ProjectedMetrics)),
            ("caveat", response.Caveat),
        ]);
    }

    private static string Name(NearestToken near) => near.Token.Length > 0 ? PlainText.OnOneLine(near.Token) : $"{near.TokenId}";

    private static string Describe(NormSummary? norms) =>
        norms is null ? "" : $"{Figures.Number(norms.Min)} to {Figures.Number(norms.Max)}, mean {Figures.Number(norms.Mean)}";
}
