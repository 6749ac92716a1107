using System.Diagnostics;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Benchmarks.Remote;

/// <summary>The same work, of a server.</summary>
/// <param name="prompt">Of the n-th request; empty: none.</param>
internal sealed class Streams(InferenceService.InferenceServiceClient client, Func<int, string> prompt)
{
    private int _asked;

    /// <returns>Tokens a second, from the first request to the last token.</returns>
    public async Task<double> RunAsync(Work work, CancellationToken cancellationToken)
    {
        InferRequest[] requests = [.. Enumerable.Range(0, work.Sequences).Select(i => Request(work, i))];
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(requests.Select(request => CountAsync(request, cancellationToken)));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <returns>How long an answer takes, and how much of that is neither prefill nor decoding, in milliseconds.</returns>
    public async Task<(double Latency, double Outside)> InferAsync(Work work, CancellationToken cancellationToken)
    {
        var request = Request(work, 0);
        var start = Stopwatch.GetTimestamp();
        var response = await client.InferAsync(request, cancellationToken: cancellationToken);
        var latency = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var usage = response.Generation.Usage;
        return (latency, latency - (usage.PrefillTime.ToTimeSpan() + usage.DecodeTime.ToTimeSpan()).TotalMilliseconds);
    }

    private InferRequest Request(Work work, int sequence) => new()
    {
        Prompt = prompt(_asked++),
        Input = new() { TokenIds = new() { Ids = { work.Input(sequence).Select(id => (uint)id) } } },
        Generation = new() { MaxNewTokens = work.NewTokens, IgnoreEndOfSequence = true },
    };

    private async Task<int> CountAsync(InferRequest request, CancellationToken cancellationToken)
    {
        var count = 0;
        using var call = client.StreamInfer(new() { Request = request }, cancellationToken: cancellationToken);
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
            count += response.Chunk?.TokenIds.Count ?? 0;
        return count;
    }
}
