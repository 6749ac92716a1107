using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

internal static class ScoreCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var input = new Argument<string>("INPUT") { Description = "What comes before. May be empty with a prompt." };
        var continuations = new Argument<string[]>("CONTINUATION")
        {
            Description = "What may follow; one or more.",
            Arity = ArgumentArity.OneOrMore,
        };
        var end = new Option<bool>("--append-eos") { Description = "Counts the end of the sequence behind every continuation." };
        var target = new TargetOptions();
        var command = new Command("score", "Log-probabilities of continuations of an input.") { input, continuations, end };
        foreach (var option in target.All)
            command.Options.Add(option);
        return command.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var asIds = invocation.Get(target.TokenIds);
            var request = new ScoreRequest
            {
                Model = invocation.Get(target.Model) ?? "",
                Prompt = invocation.Get(target.Prompt) ?? "",
                Backend = invocation.Get(target.Backend) ?? "",
                Input = Inputs.Parse(invocation.Get(input), asIds),
                AppendEndOfSequence = invocation.Get(end),
            };
            if (invocation.Get(target.NoTemplate))
                request.ApplyTemplate = false;
            request.Continuations.AddRange(invocation.Get(continuations).Select(text => Inputs.Parse(text, asIds)));
            Write(invocation, invocation.Get(continuations), await invocation.Client.ScoreAsync(request, cancellationToken));
            return ExitCode.Ok;
        });
    }

    private static void Write(Invocation invocation, string[] continuations, ScoreResponse response)
    {
        if (invocation.Json)
        {
            invocation.Terminal.WriteJson(response);
            return;
        }

        var table = new Listing("CONTINUATION", "LOG P", "PER TOKEN", "TOKENS", "GREEDY");
        foreach (var (text, score) in continuations.Zip(response.Continuations))
        {
            table.Add(
                PlainText.OnOneLine(text),
                Figures.Loss(score.LogProbability),
                Figures.Loss(score.MeanLogProbability),
                Figures.Count(score.TokenIds.Count),
                score.IsGreedy ? "yes" : "no");
        }

        table.Write(invocation.Terminal);
    }
}
