using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>From log-probabilities of labels to what an ensemble says.</summary>
internal static class LabelProbabilities
{
    /// <param name="priors">The same labels behind a content-free input (Zhao et al. 2021, "Calibrate Before Use"); null: none.</param>
    /// <param name="perToken">Whether a label's log-probability is divided by its number of tokens.</param>
    /// <returns>One for each label; they add up to 1.</returns>
    public static double[] Of(IReadOnlyList<ScoredTokens> labels, IReadOnlyList<ScoredTokens>? priors, bool perToken)
    {
        double Score(ScoredTokens label) => label.LogProbabilities.Sum() / (perToken ? label.Tokens.Count : 1);
        double[] scores = [.. labels.Select((label, i) => Score(label) - (priors is null ? 0 : Score(priors[i])))];
        var highest = scores.Max();
        double[] weights = [.. scores.Select(score => Math.Exp(score - highest))];
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }

    /// <summary>The mean of several prompts' probabilities.</summary>
    public static double[] Mean(IReadOnlyList<double[]> prompts) =>
        [.. Enumerable.Range(0, prompts[0].Length).Select(label => prompts.Average(probabilities => probabilities[label]))];

    /// <summary>Each label's share of the prompts that find it most probable (Lester et al. 2021, section 6).</summary>
    public static double[] Votes(IReadOnlyList<double[]> prompts)
    {
        var votes = new double[prompts[0].Length];
        foreach (var probabilities in prompts)
            votes[First(probabilities)] += 1.0 / prompts.Count;
        return votes;
    }

    /// <summary>The most probable label; of several, the first one.</summary>
    public static int First(double[] probabilities) => Array.IndexOf(probabilities, probabilities.Max());
}
