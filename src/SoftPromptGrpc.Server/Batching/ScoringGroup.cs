namespace SoftPromptGrpc.Server.Batching;

/// <summary>Scores continuations of one input. The loop alone calls its members, but for <see cref="Result"/>.</summary>
/// <param name="continuations">At least one; each has at least one token.</param>
internal sealed class ScoringGroup(
    SequenceStart start, IReadOnlyList<int[]> continuations, TimeProvider time, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<ScoredTokens[]> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ContinuationScore[] _scores = [.. continuations.Select(tokens => new ContinuationScore(tokens))];
    private readonly Queue<ContinuationScore> _waiting = new();
    private int _complete;

    public SequenceStart Start => start;

    public string Tenant { get; init; } = "";

    public CancellationToken CancellationToken => cancellationToken;

    public WorkClock Clock { get; } = new(time);

    /// <summary>Tokens of the longest one.</summary>
    public int Longest { get; } = continuations.Max(tokens => tokens.Length);

    /// <summary>Of all of them.</summary>
    public int Tokens { get; } = continuations.Sum(tokens => tokens.Length);

    /// <summary>How many there are in the batch.</summary>
    public int Places { get; set; }

    /// <summary>One for each continuation, in their order.</summary>
    public Task<ScoredTokens[]> Result => _result.Task;

    public bool IsFinished => _result.Task.IsCompleted;

    /// <summary>Whether there are continuations that no place has taken.</summary>
    public bool HasWaiting => _waiting.Count > 0;

    public ContinuationScore TakeWaiting() => _waiting.Dequeue();

    public void GiveBack(ContinuationScore score) => _waiting.Enqueue(score);

    /// <param name="logits">Behind the input: every continuation's first token is predicted by them.</param>
    public void PredictFirst(ReadOnlySpan<float> logits)
    {
        Clock.Token();
        var prediction = new Prediction(logits);
        foreach (var score in _scores)
        {
            score.Predict(prediction);
            if (score.IsComplete)
                Complete();
            else
                _waiting.Enqueue(score);
        }
    }

    /// <summary>One more continuation has all it needs.</summary>
    public void Complete()
    {
        if (++_complete == _scores.Length)
            _result.TrySetResult([.. _scores.Select(score => score.ToResult(Clock.Times))]);
    }

    public void Fail(Exception exception) => _result.TrySetException(exception);
}
