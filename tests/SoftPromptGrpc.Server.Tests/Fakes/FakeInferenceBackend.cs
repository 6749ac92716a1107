using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Tests.Fakes;

/// <summary>Opens <see cref="FakeSession"/>s and remembers them.</summary>
internal sealed class FakeInferenceBackend(string name = FakeInferenceBackend.DefaultName) : IInferenceBackend
{
    public const string DefaultName = "fake";

    public string Name => name;

    /// <summary>For the sessions opened from now on.</summary>
    public int MaxSequences { get; set; } = 4;

    /// <summary>The token that is to be most probable after a history, in every session; null: as the session will.</summary>
    public Func<IReadOnlyList<int>, int>? Next { get; set; }

    /// <summary>Called at the beginning of every step of every session.</summary>
    public Action<IReadOnlyList<SequenceStep>>? Stepping { get; set; }

    /// <summary>Of the sessions opened from now on: they break as soon as a sequence ends.</summary>
    public bool FailsToClose { get; set; }

    public IReadOnlyCollection<FakeSession> Sessions => _sessions;

    private readonly System.Collections.Concurrent.ConcurrentQueue<FakeSession> _sessions = new();

    public bool Supports(ModelSpec spec) => true;

    public InferenceMemory EstimateMemory(BaseModel model) => new(1000, 10, 0);

    public Task<IInferenceSession> OpenAsync(BaseModel model, CancellationToken cancellationToken)
    {
        var session = new FakeSession(model.Spec.VocabularySize, MaxSequences)
        {
            Next = history => Next?.Invoke(history),
            Stepping = steps => Stepping?.Invoke(steps),
            FailsToClose = FailsToClose,
        };
        _sessions.Enqueue(session);
        return Task.FromResult<IInferenceSession>(session);
    }
}
