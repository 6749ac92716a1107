using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>What a sequence of the batch is for. After it was queued, the loop alone calls its members; none may block.</summary>
internal interface ISequenceWork
{
    SequenceStart Start { get; }

    /// <summary>Positions it needs at most, virtual tokens included.</summary>
    int Capacity { get; }

    /// <summary>Positions that it is going to run, in however many sequences.</summary>
    int Cost => Capacity;

    /// <summary>Whose turn its admission takes.</summary>
    string Tenant { get; }

    /// <summary>A head start before others of its tenant; see <see cref="FairLine{T}"/>.</summary>
    int Priority { get; }

    /// <summary>Whose turn among its tenant's it takes: requests with one prompt share one.</summary>
    string Group => Start.Prompt?.CacheKey ?? "";

    CancellationToken CancellationToken { get; }

    bool IsFinished { get; }

    /// <summary>Whether all of its input has been run: it advances token by token.</summary>
    bool IsDecoding { get; }

    /// <summary>It has got a place in the batch.</summary>
    void Admit();

    /// <summary>What its sequence goes back to before the next tokens where it has run more; null: it never does.</summary>
    int? Past => null;

    /// <summary>Whether a part of it could run in a place of its own, as a fork of its sequence at <see cref="Past"/>.</summary>
    bool CanBranch => false;

    /// <summary>Parts with that part. To be called where <see cref="CanBranch"/> says so.</summary>
    ISequenceWork Branch() => throw new InvalidOperationException("The work cannot be divided.");

    /// <summary>Gives its place back where others of its kind go on with what it would have done.</summary>
    /// <returns>Whether it has: it is finished then.</returns>
    bool TryLeave() => false;

    /// <summary>
    /// What to run next: at most <paramref name="chunk"/> tokens. Where a chunk ends is decided by the sequence alone, never by its
    /// batch mates, so that they cannot change what it gets.
    /// </summary>
    ReadOnlyMemory<int> NextTokens(int chunk);

    /// <summary>Of how many of the last positions of these tokens the logits are wanted.</summary>
    /// <param name="tokens">What <see cref="NextTokens"/> gave.</param>
    int LogitRows(ReadOnlyMemory<int> tokens);

    /// <summary>These tokens have been run.</summary>
    /// <param name="step">Index of this sequence's rows in <paramref name="logits"/>.</param>
    void Advance(ReadOnlyMemory<int> tokens, StepLogits logits, int step);

    /// <summary>The server stops: ends with what there is.</summary>
    void Stop();

    /// <summary>Ends without an answer.</summary>
    void Fail(Exception exception);
}
