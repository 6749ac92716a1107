using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Benchmarks.Remote;

/// <summary>What is asked of a session and of a server alike: greedy tokens behind random inputs.</summary>
/// <param name="NewTokens">Behind each input; no token ends it before.</param>
internal sealed record Work(int Sequences, int InputTokens, int NewTokens, int Vocabulary)
{
    public int[] Input(int sequence)
    {
        var random = new SeededRandom((ulong)sequence);
        return [.. Enumerable.Range(0, InputTokens).Select(_ => random.Next(Vocabulary))];
    }
}
