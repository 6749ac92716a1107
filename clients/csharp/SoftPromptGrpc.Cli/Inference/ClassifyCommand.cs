using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

internal static class ClassifyCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var input = new Argument<string>("INPUT") { Description = "What is to be classified. May be empty with a prompt." };
        var labels = new Argument<string[]>("LABEL") { Description = "What the answer may be; two or more.", Arity = ArgumentArity.OneOrMore };
        var perToken = new Option<bool>("--per-token") { Description = "Divides by the labels' lengths in tokens." };
        var prior = new Option<string>("--prior-input")
        {
            Description = """Divides by the labels' probabilities behind this input without content, such as "N/A".""",
            HelpName = "TEXT",
        };
        var vote = new Option<bool>("--vote") { Description = "Several prompts vote, instead of the mean of their probabilities." };
        var target = new TargetOptions();
        var command = new Command(
            "classify", "Probabilities of labels, by one prompt or several (--prompt a,b,c).") { input, labels, perToken, prior, vote };
        foreach (var option in target.All)
            command.Options.Add(option);
        return command.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var asIds = invocation.Get(target.TokenIds);
            var request = new ClassifyRequest
            {
                Model = invocation.Get(target.Model) ?? "",
                Prompts = { Split(invocation.Get(target.Prompt)) },
                Backend = invocation.Get(target.Backend) ?? "",
                Input = Inputs.Parse(invocation.Get(input), asIds),
                Normalization = invocation.Get(perToken) ? LabelNormalization.Mean : LabelNormalization.Sum,
                PriorInput = invocation.Get(prior) is { } text ? Inputs.Parse(text, asIds) : null,
                Ensemble = invocation.Get(vote) ? EnsembleMethod.Vote : EnsembleMethod.Mean,
            };
            if (invocation.Get(target.NoTemplate))
                request.ApplyTemplate = false;
            request.Labels.AddRange(
                invocation.Get(labels).Select(label => new ClassLabel { Name = label, Content = Inputs.Parse(label, asIds) }));
            Write(invocation, await invocation.Client.ClassifyAsync(request, cancellationToken), request.Prompts.Count);
            return ExitCode.Ok;
        });
    }

    private static string[] Split(string? prompts) =>
        prompts?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static void Write(Invocation invocation, ClassifyResponse response, int prompts)
    {
        if (invocation.Json)
        {
            invocation.Terminal.WriteJson(response);
            return;
        }

        var table = new Listing("LABEL", "PROBABILITY", "LOG P");
        foreach (var label in response.Labels)
            table.Add(PlainText.OnOneLine(label.Name), Figures.Percent(label.Probability), Figures.Loss(label.LogProbability));
        table.Write(invocation.Terminal);
        if (prompts > 1)
            invocation.Terminal.WriteLine($"{Figures.Percent(response.Agreement)} of {prompts} prompts say so.");
    }
}
