namespace SoftPromptGrpc.Server.Batching;

/// <param name="IsDecoding">Whether it has its whole input behind it and advances by one token.</param>
/// <param name="Cost">Positions its next step runs: a chunk of its input, and its virtual tokens with the first one.</param>
internal readonly record struct PlannedSequence(bool IsDecoding, int Cost);

/// <summary>
/// Which sequences take part in the next step. Every decoding one does, so running streams never wait for inputs; inputs follow chunk
/// by chunk, the earliest admitted first, as far as the budget goes (the idea of Sarathi-Serve, Agrawal et al. 2024). At least one
/// input advances in every step, so none waits for ever.
/// </summary>
internal static class DecodeFirst
{
    /// <param name="sequences">In the order of their admission.</param>
    /// <param name="prefillBudget">Positions of inputs per step.</param>
    /// <returns>Indexes into <paramref name="sequences"/>, ascending.</returns>
    public static List<int> Plan(IReadOnlyList<PlannedSequence> sequences, int prefillBudget)
    {
        var (plan, spent) = (new List<int>(sequences.Count), 0);
        for (var i = 0; i < sequences.Count; i++)
        {
            var sequence = sequences[i];
            if (!sequence.IsDecoding)
            {
                if (spent > 0 && spent + sequence.Cost > prefillBudget)
                    continue;
                spent += sequence.Cost;
            }
            plan.Add(i);
        }
        return plan;
    }
}
