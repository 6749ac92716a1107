namespace SoftPromptGrpc.Server.Batching;

internal readonly record struct TokenProbability(int Id, double LogProbability);

/// <param name="LogProbability">The model's own, natural; null where it was not asked for.</param>
/// <param name="Alternatives">The most probable first.</param>
internal readonly record struct OutputToken(int Id, double? LogProbability, IReadOnlyList<TokenProbability> Alternatives)
{
    /// <param name="alternatives">How many; null: no log-probability at all.</param>
    public static OutputToken From(int id, ReadOnlySpan<float> logits, int? alternatives)
    {
        if (alternatives is not { } count)
            return new OutputToken(id, null, []);
        var normalizer = Logits.LogSumExp(logits);
        var top = new List<TokenProbability>(count);
        if (count > 0)
        {
            foreach (var other in Logits.Top(logits, count))
                top.Add(new TokenProbability(other, logits[other] - normalizer));
        }
        return new OutputToken(id, logits[id] - normalizer, top);
    }
}
