using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>
/// A place in the batch where an input is run and then, one after the other, continuations of it. While there are places that nobody
/// waits for, forks of the sequence share the continuations. What one gets depends on none of this: it is always run behind the input in
/// steps of its own.
/// </summary>
internal sealed class ScoringWork : ISequenceWork
{
    /// <summary>Of logits, in one step: each is as long as the vocabulary.</summary>
    private const int MostRows = 64;

    private readonly ScoringGroup _group;
    private int _prefilled;
    private bool _hasLeft;

    /// <summary>Null: the input is still to be run.</summary>
    private ContinuationScore? _current;

    public ScoringWork(ScoringGroup group)
    {
        _group = group;
        group.Places++;
    }

    public SequenceStart Start => _group.Start;

    public int Capacity => InputEnd + _group.Longest - 1;

    public int Cost => InputEnd + _group.Tokens;

    public string Tenant => _group.Tenant;

    public int Priority => 0;

    public CancellationToken CancellationToken => _group.CancellationToken;

    public bool IsFinished => _hasLeft || _group.IsFinished;

    public bool IsDecoding => false;

    public int? Past => IsBehindInput ? InputEnd : null;

    public bool CanBranch => IsBehindInput && _group.HasWaiting;

    private int InputEnd => Start.PromptPositions + Start.Tokens.Length;

    /// <summary>Nothing of the current continuation has been run.</summary>
    private bool IsBehindInput => _current is { Predicted: 1 };

    public void Admit() => _group.Clock.Admit();

    public ISequenceWork Branch() => new ScoringWork(_group) { _current = _group.TakeWaiting() };

    public bool TryLeave()
    {
        if (!IsBehindInput || _group.Places == 1)
            return false;
        _group.GiveBack(_current!);
        Leave();
        return true;
    }

    public ReadOnlyMemory<int> NextTokens(int chunk) => _current is null
        ? Start.Tokens.AsMemory(_prefilled, Math.Min(chunk, Start.Tokens.Length - _prefilled))
        : _current.NextTokens(Math.Min(chunk, MostRows));

    public int LogitRows(ReadOnlyMemory<int> tokens) =>
        _current is not null ? tokens.Length : _prefilled + tokens.Length == Start.Tokens.Length ? 1 : 0;

    public void Advance(ReadOnlyMemory<int> tokens, StepLogits logits, int step)
    {
        var rows = LogitRows(tokens);
        if (_current is null)
        {
            _prefilled += tokens.Length;
            if (rows == 0)
                return;
            _group.PredictFirst(logits.Row(step, 0));
        }
        else
        {
            for (var row = 0; row < rows; row++)
                _current.Predict(new(logits.Row(step, row)));
            if (!_current.IsComplete)
                return;
            _group.Complete();
        }
        if (_group.HasWaiting)
            _current = _group.TakeWaiting();
        else
            Leave();
    }

    public void Stop() => Fail(new OperationCanceledException("The server stops."));

    public void Fail(Exception exception) => _group.Fail(exception);

    private void Leave()
    {
        _hasLeft = true;
        _group.Places--;
    }
}
