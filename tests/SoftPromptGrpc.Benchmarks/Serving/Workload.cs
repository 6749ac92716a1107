using System.Diagnostics;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>What is asked of an engine, and how many tokens a second it does of it.</summary>
internal static class Workload
{
    private const int DecodeFrom = 96;
    private const int DecodeTo = 160;
    private const double LeastSeconds = 1;

    /// <summary>Sequences of 96 to 160 tokens are continued side by side.</summary>
    public static double Decode(IEngine engine, int sequences)
    {
        var (prompts, next) = (Tokens(sequences, DecodeFrom), Tokens(sequences, 1));
        return Rate(() =>
        {
            engine.Clear();
            engine.Run(prompts, 0);
            var start = Stopwatch.GetTimestamp();
            for (var past = DecodeFrom; past < DecodeTo; past++)
                engine.Run(next, past);
            return (sequences * (DecodeTo - DecodeFrom), Stopwatch.GetElapsedTime(start));
        });
    }

    /// <summary>Sequences begin, each with so many tokens.</summary>
    public static double Prefill(IEngine engine, int sequences, int length)
    {
        var prompts = Tokens(sequences, length);
        return Rate(() =>
        {
            engine.Clear();
            var start = Stopwatch.GetTimestamp();
            engine.Run(prompts, 0);
            return (sequences * length, Stopwatch.GetElapsedTime(start));
        });
    }

    /// <summary>By how much the logits behind one and the same text differ, over their root mean square.</summary>
    public static double Difference(IEngine left, IEngine right)
    {
        foreach (var engine in (IEngine[])[left, right])
        {
            engine.Clear();
            engine.Run(Tokens(1, DecodeFrom), 0);
            engine.Run(Tokens(1, 1), DecodeFrom);
        }
        var (difference, size) = (0.0, 0.0);
        for (var i = 0; i < left.Logits.Length; i++)
        {
            difference += Math.Pow(left.Logits[i] - right.Logits[i], 2);
            size += Math.Pow(right.Logits[i], 2);
        }
        return Math.Sqrt(difference / size);
    }

    private static double Rate(Func<(int Tokens, TimeSpan Time)> run)
    {
        var (tokens, seconds) = (0, 0.0);
        while (seconds < LeastSeconds)
        {
            var (count, time) = run();
            (tokens, seconds) = (tokens + count, seconds + time.TotalSeconds);
        }
        return tokens / seconds;
    }

    private static int[][] Tokens(int sequences, int length)
    {
        var random = new SeededRandom(3);
        return [.. Enumerable.Range(0, sequences).Select(_ => Enumerable.Range(0, length).Select(_ => random.Next(Gpt2.Spec.VocabularySize)).ToArray())];
    }
}
