using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>How a job is submitted and watched.</summary>
internal sealed class FollowOptions
{
    private readonly Option<bool> _detach = new("--detach") { Description = "Ends as soon as the server has stored the job." };
    private readonly Option<bool> _cancel = new("--cancel-on-interrupt")
    {
        Description = "Ctrl+C cancels the job. Default: it goes on, and 'watch' attaches again.",
    };

    private readonly Option<string> _requestId = new("--request-id")
    {
        Description = "A second submission with the same id attaches to the first one's job.",
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _detach, _cancel, _requestId })
            command.Options.Add(option);
    }

    public string RequestId(Invocation invocation) => invocation.Get(_requestId) ?? "";

    /// <returns>The exit code.</returns>
    public Task<int> RunAsync(Invocation invocation, IAsyncEnumerable<TrainingEvent> events, CancellationToken cancellationToken)
    {
        var follower = new TrainingFollower(invocation) { CancelsOnInterrupt = invocation.Get(_cancel) };
        return invocation.Get(_detach) ? follower.AcceptAsync(events, cancellationToken) : follower.FollowAsync(events, cancellationToken);
    }
}
