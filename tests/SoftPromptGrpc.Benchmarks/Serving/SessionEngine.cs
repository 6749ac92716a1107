using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>A session as the server uses it.</summary>
/// <param name="positions">Of one sequence.</param>
internal sealed class SessionEngine(IInferenceSession session, int vocabulary, int positions) : IEngine
{
    private readonly List<ISequence> _sequences = [];
    private readonly float[] _logits = new float[vocabulary];

    /// <summary>What sequences that begin from now on stand behind, one prompt after the other and round again; empty: nothing.</summary>
    public IReadOnlyList<ServedPrompt> Prompts { get; set; } = [];

    public ReadOnlySpan<float> Logits => _logits;

    public void Clear()
    {
        _sequences.ForEach(sequence => sequence.Dispose());
        _sequences.Clear();
    }

    public void Run(IReadOnlyList<int[]> tokens, int past)
    {
        while (_sequences.Count < tokens.Count)
            _sequences.Add(session.Open(Prompts.Count == 0 ? null : Prompts[_sequences.Count % Prompts.Count], positions));
        session.Run([.. tokens.Select((next, i) => new SequenceStep(_sequences[i], next))]).Row(0, 0).CopyTo(_logits);
    }

    public void Dispose()
    {
        Clear();
        session.Dispose();
    }
}
