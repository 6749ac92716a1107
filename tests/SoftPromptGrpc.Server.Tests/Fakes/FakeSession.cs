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

    /// <summary>Of prompts and tokens, in all steps.</summary>
    public int PositionsRun { get; private set; }

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

    public ISequence Fork(ISequence origin, int capacity)
    {
        var from = (FakeSequence)origin;
        Assert.Contains(from, _open);
        var fork = (FakeSequence)Open(from.Prompt, capacity);
        fork.Continue(from);
        return fork;
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
            var length = sequence.Length;
            rows.AddRange(sequence.Append(steps[i]).Select(LogitsAfter));
            PositionsRun += sequence.Length - length;
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

        /// <summary>Behind the prompt and behind each token.</summary>
        private readonly List<ulong> _hashes = [prompt is null ? 17 : Convert.ToUInt64(prompt.ContentHash[..16], 16)];

        private bool _begun;

        public ServedPrompt? Prompt => prompt;

        public int Capacity => capacity;

        public int Length => (_begun ? prompt?.VirtualTokens ?? 0 : 0) + _tokens.Count;

        public void Continue(FakeSequence origin)
        {
            _tokens.AddRange(origin._tokens);
            _hashes.AddRange(origin._hashes.Skip(1));
            _begun = origin._begun;
            Assert.InRange(Length, 1, capacity);
        }

        public void Rewind(int length)
        {
            var dropped = Length - length;
            Assert.InRange(dropped, 0, _tokens.Count);
            _tokens.RemoveRange(_tokens.Count - dropped, dropped);
            _hashes.RemoveRange(_hashes.Count - dropped, dropped);
        }

        public IEnumerable<(ulong, IReadOnlyList<int>)> Append(SequenceStep step)
        {
            Assert.Contains(this, session._open);
            Assert.True(step.Tokens.Length > 0 || (!_begun && prompt is not null), "An empty step.");
            var rows = new List<(ulong, IReadOnlyList<int>)>();
            if (!_begun && prompt is SoftPrompt)
                rows.Add((_hashes[0], []));
            _begun = true;
            foreach (var token in step.Tokens.Span)
            {
                _tokens.Add(token);
                _hashes.Add(new SeededRandom(_hashes[^1] ^ ((ulong)token * 0x9E3779B97F4A7C15)).NextUInt64());
                rows.Add((_hashes[^1], [.. _tokens]));
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
