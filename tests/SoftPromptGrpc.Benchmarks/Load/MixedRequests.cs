using Grpc.Core;
using SoftPromptGrpc.Benchmarks.Registry;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Benchmarks.Load;

/// <summary>
/// Requests as a mixed crowd makes them: six of ten are unary, three are streams, one classifies; each has one of many prompts or
/// none; inputs of 4 to 100 tokens, 4 to 60 new ones. Only the number of a request decides what it is.
/// </summary>
internal sealed class MixedRequests(InferenceService.InferenceServiceClient client, int prompts, int vocabulary)
{
    public async Task SendAsync(int number, CancellationToken cancellationToken)
    {
        var random = new SeededRandom((ulong)number);
        var n = random.Next(prompts + 1);
        var prompt = n == prompts ? "" : PromptRows.NameOf(n);
        var kind = random.Next(10);
        var input = Tokens(random, 4 + random.Next(97));
        var request = new InferRequest
        {
            Prompt = prompt,
            Input = input,
            Generation = new() { MaxNewTokens = 4 + random.Next(57), IgnoreEndOfSequence = true, Temperature = random.Next(2), Seed = number },
        };
        if (kind == 0)
            await client.ClassifyAsync(Classification(prompt, input), cancellationToken: cancellationToken);
        else if (kind <= 3)
            await ReadAsync(request, cancellationToken);
        else
            await client.InferAsync(request, cancellationToken: cancellationToken);
    }

    private async Task ReadAsync(InferRequest request, CancellationToken cancellationToken)
    {
        using var call = client.StreamInfer(new() { Request = request }, cancellationToken: cancellationToken);
        await foreach (var _ in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
        }
    }

    private static ClassifyRequest Classification(string prompt, Content input)
    {
        var request = new ClassifyRequest { Input = input };
        if (prompt.Length > 0)
            request.Prompts.Add(prompt);
        request.Labels.Add(Enumerable.Range(0, 4).Select(i => new ClassLabel { Content = new() { TokenIds = new() { Ids = { (uint)(10 + i), 20 } } } }));
        return request;
    }

    private Content Tokens(SeededRandom random, int count) =>
        new() { TokenIds = new() { Ids = { Enumerable.Range(0, count).Select(_ => (uint)random.Next(vocabulary)) } } };
}
