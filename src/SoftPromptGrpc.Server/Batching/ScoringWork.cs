using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Server.Batching;

/// <param name="LogProbabilities">Natural logarithms, one for each token.</param>
/// <param name="IsGreedy">Whether each token is the most probable one at its place.</param>
internal sealed record ScoredTokens(IReadOnlyList<int> Tokens, IReadOnlyList<double> LogProbabilities, bool IsGreedy, WorkTimes Times);

/// <summary>Scores one continuation of an input on the loop.</summary>
/// <param name="continuation">At least one token.</param>
internal sealed class ScoringWork(
    SequenceStart start, int[] continuation, TimeProvider time, CancellationToken cancellationToken) : ISequenceWork
{
    /// <summary>Of logits, in one step: each is as long as the vocabulary.</summary>
    private const int MostRows = 64;

    private readonly TaskCompletionSource<ScoredTokens> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<double> _logProbabilities = new(continuation.Length);

    /// <summary>Nothing has to be predicted from the last token.</summary>
    private readonly int[] _tokens = [.. start.Tokens, .. continuation.AsSpan(0, continuation.Length - 1)];

    private readonly WorkClock _clock = new(time);
    private int _done;
    private bool _isGreedy = true;

    public SequenceStart Start => start;

    public int Capacity => start.PromptPositions + _tokens.Length;

    public int Priority => 0;

    public CancellationToken CancellationToken => cancellationToken;

    public bool IsFinished { get; private set; }

    public bool IsDecoding => false;

    public Task<ScoredTokens> Result => _result.Task;

    /// <summary>The position whose logits predict the continuation's first token; -1: the last virtual token.</summary>
    private int FirstPredicting => start.Tokens.Length - 1;

    public void Admit() => _clock.Admit();

    public ReadOnlyMemory<int> NextTokens(int chunk)
    {
        var most = Math.Max(_done, FirstPredicting) + MostRows - _done;
        return _tokens.AsMemory(_done, Math.Min(Math.Min(chunk, most), _tokens.Length - _done));
    }

    public int LogitRows(ReadOnlyMemory<int> tokens)
    {
        var first = _done == 0 && FirstPredicting < 0 ? -1 : Math.Max(_done, FirstPredicting);
        return Math.Max(0, _done + tokens.Length - first);
    }

    public void Advance(ReadOnlyMemory<int> tokens, StepLogits logits, int step)
    {
        var rows = LogitRows(tokens);
        for (var row = 0; row < rows; row++)
        {
            var values = logits.Row(step, row);
            var token = continuation[_logProbabilities.Count];
            _logProbabilities.Add(values[token] - Logits.LogSumExp(values));
            _isGreedy &= Logits.ArgMax(values) == token;
        }
        _done += tokens.Length;
        if (_logProbabilities.Count < continuation.Length)
            return;
        _clock.Token();
        IsFinished = true;
        _result.SetResult(new ScoredTokens(continuation, _logProbabilities, _isGreedy, _clock.Times));
    }

    public void Stop() => Fail(new OperationCanceledException("The server stops."));

    public void Fail(Exception exception)
    {
        IsFinished = true;
        _result.TrySetException(exception);
    }
}
