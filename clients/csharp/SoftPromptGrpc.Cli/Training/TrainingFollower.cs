using System.Diagnostics;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;
using Spectre.Console;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>Shows a job's events as they come, and turns its end into an exit code.</summary>
internal sealed class TrainingFollower(Invocation invocation)
{
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(30);

    private readonly PlainProgress _plain = new();

    public bool CancelsOnInterrupt { get; init; }

    public TrainingProgress Progress { get; } = new();

    public async Task<int> FollowAsync(IAsyncEnumerable<TrainingEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            await ShowAsync(events);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await OnInterruptAsync();
            return ExitCode.Interrupted;
        }
        catch (SoftPromptRpcException) when (Progress.Job.Length > 0)
        {
            WriteHint($"Lost sight of job {Progress.Job}.");
            throw;
        }

        return Progress.End is null or { KindCase: TrainingEvent.KindOneofCase.Result } ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>Waits until the job is stored, and no longer.</summary>
    public async Task<int> AcceptAsync(IAsyncEnumerable<TrainingEvent> events, CancellationToken cancellationToken)
    {
        var accepted = await events.FirstAsync(cancellationToken);
        if (invocation.Json)
            invocation.Terminal.WriteJson(accepted);
        else
            invocation.Terminal.WriteLine(accepted.Job);
        return ExitCode.Ok;
    }

    /// <summary>Shows events up to the end; the outcome is in <see cref="Progress"/>.</summary>
    public async Task ShowAsync(IAsyncEnumerable<TrainingEvent> events)
    {
        if (invocation.Json || !invocation.Terminal.IsLive)
        {
            await foreach (var trainingEvent in events)
                Write(trainingEvent);
            return;
        }

        await invocation.Terminal.Out.Live(TrainingView.Render(Progress)).StartAsync(context => DrawAsync(events, context));
        if (Progress.End is { } end)
            WriteLines(TrainingWords.Describe(end));
    }

    private async Task DrawAsync(IAsyncEnumerable<TrainingEvent> events, LiveDisplayContext context)
    {
        var drawn = 0L;
        await foreach (var trainingEvent in events)
        {
            Progress.Add(trainingEvent);
            if (Progress.End is null && Stopwatch.GetElapsedTime(drawn) < RedrawInterval)
                continue;
            drawn = Stopwatch.GetTimestamp();
            context.UpdateTarget(TrainingView.Render(Progress));
        }
    }

    private void Write(TrainingEvent trainingEvent)
    {
        Progress.Add(trainingEvent);
        if (invocation.Json)
            invocation.Terminal.WriteJson(trainingEvent);
        else
            WriteLines(_plain.Describe(trainingEvent));
    }

    private void WriteLines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            invocation.Terminal.WriteLine(line);
    }

    private async Task OnInterruptAsync()
    {
        if (Progress.Job.Length == 0)
        {
            invocation.Terminal.WriteErrorLine(
                "Interrupted before the server confirmed the job; 'softprompt jobs list' shows it if it was stored.");
        }
        else if (CancelsOnInterrupt)
        {
            using var timeout = new CancellationTokenSource(CancelTimeout);
            await invocation.Client.CancelJobAsync(Progress.Job, timeout.Token);
            await ShowAsync(invocation.Client.WatchAsync(Progress.Job, Progress.Sequence, timeout.Token));
        }
        else
        {
            WriteHint($"Detached from job {Progress.Job}, which goes on.");
        }
    }

    private void WriteHint(string sentence) => invocation.Terminal.WriteErrorLine(
        $"{sentence} Attach again: softprompt watch {Progress.Job} --after {Progress.Sequence}{AddressHint()}");

    private string AddressHint() => $" --address {invocation.Address.GetLeftPart(UriPartial.Authority)}";
}
