using System.Diagnostics;

namespace SoftPromptGrpc.Benchmarks.Load;

/// <summary>Looks at a process again and again until it is disposed.</summary>
internal sealed class ServerWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _watching;

    public ServerWatch(int process) => _watching = WatchAsync(process);

    /// <summary>The most resident memory that was seen, in bytes.</summary>
    public long PeakMemory { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task WatchAsync(int id)
    {
        while (true)
        {
            using (var process = Process.GetProcessById(id))
                PeakMemory = Math.Max(PeakMemory, process.WorkingSet64);
            await Task.Delay(Interval, _end.Token);
        }
    }
}
