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

    public IReadOnlyCollection<FakeSession> Sessions => _sessions;

    private readonly System.Collections.Concurrent.ConcurrentQueue<FakeSession> _sessions = new();

    public bool Supports(DecoderSpec spec) => true;

    public Task<IInferenceSession> OpenAsync(BaseModel model, CancellationToken cancellationToken)
    {
        var session = new FakeSession(model.Spec.VocabularySize, MaxSequences);
        _sessions.Enqueue(session);
        return Task.FromResult<IInferenceSession>(session);
    }
}
