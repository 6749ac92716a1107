using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Cli;

/// <summary>
/// Turns the first Ctrl+C, or a request to terminate, into a cancellation; one that comes a while later ends the process at once.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    /// <summary>Some senders signal a process and its group: that is still one request.</summary>
    private static readonly TimeSpan OneRequest = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private long _first;

    public Interrupt() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
    ];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        var now = Stopwatch.GetTimestamp();
        var first = Interlocked.CompareExchange(ref _first, now, 0);
        context.Cancel = first == 0 || Stopwatch.GetElapsedTime(first, now) < OneRequest;
        _source.Cancel();
    }
}
