using System.Collections.Concurrent;
using System.Diagnostics;
using Google.Rpc;
using Grpc.Core;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Benchmarks.Load;

/// <summary>Sends requests when they are due, however many are under way.</summary>
/// <param name="send">Gets the number of the request.</param>
internal sealed class OpenLoop(Func<int, CancellationToken, Task> send)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private int _number;

    /// <summary>Arrivals at random (a Poisson process) for some seconds; ends with the last answer.</summary>
    public async Task<Outcomes> ArriveAsync(double perSecond, double seconds, CancellationToken cancellationToken)
    {
        var random = new SeededRandom((ulong)_number);
        var (outcomes, running) = (new ConcurrentBag<Outcome>(), new List<Task>());
        var start = Stopwatch.GetTimestamp();
        for (var due = 0.0; due < seconds; due += -Math.Log(1 - random.NextDouble()) / perSecond)
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < due)
                await Task.Delay(Tick, cancellationToken);
            running.Add(SendAsync(start + (long)(due * Stopwatch.Frequency), outcomes, cancellationToken));
        }
        await Task.WhenAll(running);
        return new([.. outcomes], Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>So many at a time, each sent when another one is answered: what the server can do at most.</summary>
    public async Task<Outcomes> FillAsync(int atOnce, double seconds, CancellationToken cancellationToken)
    {
        var (outcomes, start) = (new ConcurrentBag<Outcome>(), Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
                await SendAsync(Stopwatch.GetTimestamp(), outcomes, cancellationToken);
        }));
        return new([.. outcomes], Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <param name="due">A time of <see cref="Stopwatch"/>.</param>
    private async Task SendAsync(long due, ConcurrentBag<Outcome> outcomes, CancellationToken cancellationToken)
    {
        var (status, tellsWhen) = (StatusCode.OK, false);
        try
        {
            await send(Interlocked.Increment(ref _number), cancellationToken);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            (status, tellsWhen) = (error.StatusCode, error.GetRpcStatus()?.GetDetail<RetryInfo>() is not null);
        }
        outcomes.Add(new(Stopwatch.GetElapsedTime(due).TotalSeconds, status, tellsWhen));
    }
}
