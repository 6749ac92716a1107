using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

internal static class TrainCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var name = new Argument<string>("NAME") { Description = "The prompt to make. An existing one gets a new version." };
        var follow = new FollowOptions();
        var data = new DataOptions();
        var options = new TrainingOptions();
        var command = new Command("train", "Trains a prompt from labelled examples.") { name };
        foreach (var option in data.All)
            command.Options.Add(option);
        options.AddTo(command);
        follow.AddTo(command);
        return command.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var request = new TrainPromptRequest
            {
                Spec = options.ToSpec(invocation, invocation.Get(name)),
                RequestId = follow.RequestId(invocation),
            };
            data.AddTo(request.Spec, invocation);
            return await follow.RunAsync(invocation, invocation.Client.TrainAsync(request, cancellationToken), cancellationToken);
        });
    }
}
