using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

internal static class TrainCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var name = new Argument<string>("NAME") { Description = "The prompt to make. An existing one gets a new version." };
        var detach = new Option<bool>("--detach") { Description = "Ends as soon as the server has stored the job." };
        var cancel = new Option<bool>("--cancel-on-interrupt")
        {
            Description = "Ctrl+C cancels the job. Default: it goes on, and 'watch' attaches again.",
        };
        var requestId = new Option<string>("--request-id")
        {
            Description = "A second submission with the same id attaches to the first one's job.",
        };
        var data = new DataOptions();
        var options = new TrainingOptions();
        var command = new Command("train", "Trains a prompt from labelled examples.") { name };
        foreach (var option in data.All)
            command.Options.Add(option);
        options.AddTo(command);
        foreach (var option in new Option[] { detach, cancel, requestId })
            command.Options.Add(option);
        return command.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var request = new TrainPromptRequest
            {
                Spec = options.ToSpec(invocation, invocation.Get(name)),
                RequestId = invocation.Get(requestId) ?? "",
            };
            data.AddTo(request.Spec, invocation);
            var follower = new TrainingFollower(invocation) { CancelsOnInterrupt = invocation.Get(cancel) };
            var events = invocation.Client.TrainAsync(request, cancellationToken);
            return invocation.Get(detach)
                ? await follower.AcceptAsync(events, cancellationToken)
                : await follower.FollowAsync(events, cancellationToken);
        });
    }
}
