using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Tests.Fakes;

/// <summary>
/// Logits that are a pure function of a sequence's own history (prompt's hash, then tokens), so that any leak between sequences or
/// any wrong order shows. <see cref="Next"/> replaces them where a test wants certain tokens.
/// </summary>
internal sealed class FakeSession(int vocabularySize, int maxSequences) : IInferenceSession
{
    private readonly HashSet<FakeSequence> _open = [];
    private float[] _logits = [];
    private int[] _firstRows = [];

    public int MaxSequences => maxSequences;

    /// <summary>Positions of all open sequences together.</summary>
    public int MaxPositions { get; init; } = int.MaxValue;

    public int Steps { get; private set; }

    public int LargestBatch { get; private set; }

    public int LargestPrefill { get; private set; }

    public bool FailsToClose { get; init; }

    public bool IsDisposed { get; private set; }

    /// <summary>Whether prompts cost nothing.</summary>
    public bool RemembersPrompts { get; init; }

    /// <summary>Gives the token that is to be most probable after a history; null: the hash decides.</summary>
    public Func<IReadOnlyList<int>, int?>? Next { get; set; }

    /// <summary>Called at the beginning of every step, on the loop.</summary>
    public Action<IReadOnlyList<SequenceStep>>? Stepping { get; set; }

    public bool Remembers(ServedPrompt prompt) => RemembersPrompts;

    public ISequence Open(ServedPrompt? prompt, int capacity, ReadOnlyMemory<int> encoderInput = default)
    {
        if (_open.Count >= maxSequences || _open.Sum(sequence => (long)sequence.Capacity) + capacity > MaxPositions)
            throw new SoftPromptException(ErrorKind.Overloaded, "There is no place for another sequence.");
        var sequence = new FakeSequence(this, prompt, capacity);
        _open.Add(sequence);
        return sequence;
    }

    public StepLogits Run(IReadOnlyList<SequenceStep> steps)
    {
        Stepping?.Invoke(steps);
        Steps++;
        LargestBatch = Math.Max(LargestBatch, steps.Count);
        _firstRows = new int[steps.Count];
        var rows = new List<float[]>();
        for (var i = 0; i < steps.Count; i++)
        {
            _firstRows[i] = rows.Count;
            LargestPrefill = Math.Max(LargestPrefill, steps[i].Tokens.Length);
            var sequence = (FakeSequence)steps[i].Sequence;
            rows.AddRange(sequence.Append(steps[i]).Select(LogitsAfter));
        }
        _logits = [.. rows.SelectMany(row => row)];
        return new StepLogits(_logits, vocabularySize, _firstRows);
    }

    public void Dispose()
    {
        Assert.Empty(_open);
        IsDisposed = true;
    }

    private float[] LogitsAfter((ulong Hash, IReadOnlyList<int> Tokens) history)
    {
        var random = new SeededRandom(history.Hash);
        var logits = new float[vocabularySize];
        for (var i = 0; i < logits.Length; i++)
            logits[i] = (float)(random.NextDouble() * 8 - 4);
        if (Next?.Invoke(history.Tokens) is { } next)
            logits[next] = 10;
        return logits;
    }

    private sealed class FakeSequence(FakeSession session, ServedPrompt? prompt, int capacity) : ISequence
    {
        private readonly List<int> _tokens = [];

        public int Capacity => capacity;

        private ulong _hash = prompt is null ? 17 : Convert.ToUInt64(prompt.ContentHash[..16], 16);
        private bool _begun;

        public int Length { get; private set; }

        public IEnumerable<(ulong, IReadOnlyList<int>)> Append(SequenceStep step)
        {
            Assert.Contains(this, session._open);
            Assert.True(step.Tokens.Length > 0 || (!_begun && prompt is not null), "An empty step.");
            var rows = new List<(ulong, IReadOnlyList<int>)>();
            if (!_begun && prompt is not null)
            {
                Length += prompt.VirtualTokens;
                if (prompt is SoftPrompt)
                    rows.Add((_hash, []));
            }
            _begun = true;
            foreach (var token in step.Tokens.Span)
            {
                _tokens.Add(token);
                Length++;
                _hash = new SeededRandom(_hash ^ ((ulong)token * 0x9E3779B97F4A7C15)).NextUInt64();
                rows.Add((_hash, [.. _tokens]));
            }
            Assert.True(Length <= capacity, "More positions than were reserved.");
            Assert.InRange(step.LogitRows, 0, rows.Count);
            return rows.TakeLast(step.LogitRows);
        }

        public void Dispose()
        {
            session._open.Remove(this);
            if (session.FailsToClose)
                throw new InvalidOperationException("The sequence cannot be closed.");
        }
    }
}
