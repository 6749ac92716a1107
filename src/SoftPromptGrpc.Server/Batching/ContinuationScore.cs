namespace SoftPromptGrpc.Server.Batching;

/// <param name="LogProbabilities">Natural logarithms, one for each token.</param>
/// <param name="IsGreedy">Whether each token is the most probable one at its place.</param>
internal sealed record ScoredTokens(IReadOnlyList<int> Tokens, IReadOnlyList<double> LogProbabilities, bool IsGreedy, WorkTimes Times);

/// <summary>What a row of logits says of any token.</summary>
internal readonly ref struct Prediction(ReadOnlySpan<float> logits)
{
    private readonly ReadOnlySpan<float> _logits = logits;
    private readonly double _logSumExp = Logits.LogSumExp(logits);
    private readonly int _greedy = Logits.ArgMax(logits);

    public double LogProbability(int token) => _logits[token] - _logSumExp;

    public bool IsGreedy(int token) => _greedy == token;
}

/// <summary>How far the score of a continuation has come.</summary>
internal sealed class ContinuationScore(int[] tokens)
{
    private readonly List<double> _logProbabilities = new(tokens.Length);
    private bool _isGreedy = true;

    /// <summary>Tokens with a probability; the last one of them has not been run.</summary>
    public int Predicted => _logProbabilities.Count;

    /// <summary>From the last token nothing has to be predicted.</summary>
    public bool IsComplete => Predicted == tokens.Length;

    /// <summary>Tokens to run; each one predicts the next.</summary>
    public ReadOnlyMemory<int> NextTokens(int most) => tokens.AsMemory(Predicted - 1, Math.Min(most, tokens.Length - Predicted));

    public void Predict(Prediction prediction)
    {
        var token = tokens[Predicted];
        _logProbabilities.Add(prediction.LogProbability(token));
        _isGreedy &= prediction.IsGreedy(token);
    }

    public ScoredTokens ToResult(WorkTimes times) => new(tokens, _logProbabilities, _isGreedy, times);
}
