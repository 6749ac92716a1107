using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Cli.Prompts;
using SoftPromptGrpc.Cli.Training;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Demo;

/// <summary>From an empty server to answers through a trained prompt, told as it happens.</summary>
internal sealed class DemoRun(Invocation invocation, string model, DemoTask task, int? steps)
{
    private const int AnswersShown = 5;

    public async Task<int> RunAsync(Uri address, CancellationToken cancellationToken)
    {
        await using var client = invocation.Connect(address);
        var loaded = await client.GetModelAsync(model, cancellationToken);
        Say($"A server listens on {address.GetLeftPart(UriPartial.Authority)} with {loaded.Id}: "
            + $"{loaded.Architecture}, {Figures.Count(loaded.ParameterCount)} parameters.");

        Say($"Training a prompt for {task.Name}: {task.Training.Examples.Count} examples, {task.Labels.Count} labels.");
        var follower = new TrainingFollower(invocation);
        await follower.ShowAsync(client.TrainAsync(Spec(), cancellationToken));
        if (follower.Progress.End?.Result is not { } result)
            return ExitCode.Failed;

        Say("The prompts on the server:");
        PromptListCommand.Write(invocation, await client.ListPromptsAsync(cancellationToken).ToListAsync(cancellationToken));

        Say($"Answering {task.Test.Examples.Count} test examples, each in three ways.");
        var evaluator = new Evaluator(client, model, task);
        Evaluated[] outcomes =
        [
            await evaluator.EvaluateAsync("without a prompt", "", "", cancellationToken),
            await evaluator.EvaluateAsync("with a text prompt", "", task.TextPrompt, cancellationToken),
            await evaluator.EvaluateAsync("with the trained prompt", result.Prompt, "", cancellationToken),
        ];
        DemoReport.Write(invocation, task, outcomes, AnswersShown);
        return ExitCode.Ok;
    }

    private TrainingSpec Spec()
    {
        var spec = task.ToSpec(model);
        if (steps is { } count)
            spec.Steps = count;
        return spec;
    }

    private void Say(string sentence)
    {
        if (!invocation.Json)
            invocation.Terminal.WriteLine($"\n{sentence}");
    }
}
