using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>
/// Chooses one sequence's tokens. One random number per token, from the request's own stream, so that its choices never depend on
/// batch mates. Ties go to the lower id.
/// </summary>
internal sealed class Sampler
{
    private readonly SamplingSettings _settings;
    private readonly SeededRandom _random;
    private readonly HashSet<int> _seen = [];
    private float[] _adjusted = [];

    /// <param name="input">Tokens that the repetition penalty counts as seen.</param>
    public Sampler(SamplingSettings settings, ReadOnlySpan<int> input)
    {
        _settings = settings;
        _random = SeededRandom.For(settings.Seed, stream: 0);
        foreach (var token in input)
            Remember(token);
    }

    /// <param name="excluded">Ids that may not be chosen.</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Corrupt"/>: the logits are not numbers.</exception>
    public int Next(ReadOnlySpan<float> logits, IReadOnlyCollection<int> excluded)
    {
        if (_settings.RepetitionPenalty == 1 && excluded.Count == 0)
            return Choose(logits);
        if (_adjusted.Length != logits.Length)
            _adjusted = new float[logits.Length];
        logits.CopyTo(_adjusted);
        Penalize(_adjusted);
        foreach (var id in excluded)
            _adjusted[id] = float.NegativeInfinity;
        var chosen = Choose(_adjusted);
        Remember(chosen);
        return chosen;
    }

    private int Choose(ReadOnlySpan<float> logits)
    {
        var best = Checked(logits, Logits.ArgMax(logits));
        return _settings.IsGreedy ? best : Draw(logits, logits[best]);
    }

    /// <summary>Keskar et al. 2019, "CTRL".</summary>
    private void Penalize(Span<float> logits)
    {
        foreach (var id in _seen)
            logits[id] = (float)(logits[id] > 0 ? logits[id] / _settings.RepetitionPenalty : logits[id] * _settings.RepetitionPenalty);
    }

    private int Draw(ReadOnlySpan<float> logits, float best) =>
        _settings is { TopK: 0, TopP: >= 1 } ? DrawFromAll(logits, best) : DrawFromTop(logits, best);

    /// <summary>In the order of the ids: nothing has to be sorted.</summary>
    private int DrawFromAll(ReadOnlySpan<float> logits, float best)
    {
        var (sum, last) = (0.0, -1);
        for (var id = 0; id < logits.Length; id++)
        {
            var weight = Weight(logits[id], best);
            if (weight > 0 && weight >= _settings.MinP)
                (sum, last) = (sum + weight, id);
        }
        var threshold = _random.NextDouble() * sum;
        for (var id = 0; id < last; id++)
        {
            var weight = Weight(logits[id], best);
            if (weight > 0 && weight >= _settings.MinP && (threshold -= weight) < 0)
                return id;
        }
        return last;
    }

    private int DrawFromTop(ReadOnlySpan<float> logits, float best)
    {
        var ids = _settings.TopK > 0
            ? Logits.Top(logits, Math.Min(_settings.TopK, logits.Length))
            : Logits.Top(logits, logits.Length, TopPFloor(logits, best));
        var weights = new double[ids.Length];
        for (var i = 0; i < ids.Length; i++)
            weights[i] = Weight(logits[ids[i]], best);
        var kept = MinP(weights, TopP(weights, _settings.TopK > 0 ? Sum(weights, weights.Length) : SumOfWeights(logits, best)));
        var threshold = _random.NextDouble() * Sum(weights, kept);
        for (var i = 0; i < kept - 1; i++)
        {
            if ((threshold -= weights[i]) < 0)
                return ids[i];
        }
        return ids[kept - 1];
    }

    /// <summary>Tokens below it, all together, weigh less than top-p leaves out: they need not be sorted.</summary>
    private float TopPFloor(ReadOnlySpan<float> logits, float best)
    {
        var weight = (1 - _settings.TopP) * SumOfWeights(logits, best) / logits.Length;
        return (float)(best + _settings.Temperature * Math.Log(weight) - 1e-3);
    }

    /// <summary>Proportional to the probability; 1 for the most probable token, 0 for NaN.</summary>
    private double Weight(float logit, float best) => float.IsNaN(logit) ? 0 : Math.Exp(((double)logit - best) / _settings.Temperature);

    private double SumOfWeights(ReadOnlySpan<float> logits, float best)
    {
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Weight(logit, best);
        return sum;
    }

    /// <returns>How many of the first weights it takes to add up to the wanted share.</returns>
    private int TopP(double[] weights, double all)
    {
        if (_settings.TopP >= 1)
            return weights.Length;
        var (wanted, sum, kept) = (_settings.TopP * all, 0.0, 0);
        while (kept < weights.Length && sum < wanted)
            sum += weights[kept++];
        return Math.Max(kept, 1);
    }

    /// <returns>How many of the first weights are large enough relative to the first.</returns>
    private int MinP(double[] weights, int count)
    {
        var kept = count;
        while (kept > 1 && weights[kept - 1] < _settings.MinP * weights[0])
            kept--;
        return kept;
    }

    private static double Sum(double[] weights, int count)
    {
        var sum = 0.0;
        for (var i = 0; i < count; i++)
            sum += weights[i];
        return sum;
    }

    private void Remember(int token)
    {
        if (_settings.RepetitionPenalty != 1)
            _seen.Add(token);
    }

    private static int Checked(ReadOnlySpan<float> logits, int best) => best >= 0 && float.IsFinite(logits[best])
        ? best
        : throw new SoftPromptException(ErrorKind.Corrupt, "The model's logits are not finite.") { Reason = "LOGITS_NOT_FINITE" };
}
