using System.Diagnostics;
using System.Numerics.Tensors;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Benchmarks.Remote;

/// <summary>The least that can be done with a session: a loop without queue, text or network.</summary>
internal sealed class SessionLoop(IInferenceSession session) : IDisposable
{
    /// <returns>Tokens a second, from the first input to the last token.</returns>
    public double Run(Work work)
    {
        int[][] inputs = [.. Enumerable.Range(0, work.Sequences).Select(work.Input)];
        var start = Stopwatch.GetTimestamp();
        ISequence[] sequences = [.. inputs.Select(_ => session.Open(null, work.InputTokens + work.NewTokens))];
        var next = new int[work.Sequences][];
        var steps = new SequenceStep[work.Sequences];
        for (var token = 0; token < work.NewTokens; token++)
        {
            for (var i = 0; i < steps.Length; i++)
                steps[i] = new SequenceStep(sequences[i], token == 0 ? inputs[i] : next[i]);
            var logits = session.Run(steps);
            for (var i = 0; i < steps.Length; i++)
                next[i] = [TensorPrimitives.IndexOfMax(logits.Row(i, 0))];
        }
        foreach (var sequence in sequences)
            sequence.Dispose();
        return work.Sequences * work.NewTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => session.Dispose();
}
