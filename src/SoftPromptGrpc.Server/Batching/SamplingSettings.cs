namespace SoftPromptGrpc.Server.Batching;

/// <summary>How the next token is chosen, in the order of the contract: repetition penalty, temperature, top-k, top-p, min-p.</summary>
/// <param name="Temperature">0: the most probable token, whatever the rest says but the repetition penalty.</param>
/// <param name="TopK">0: all tokens.</param>
internal sealed record SamplingSettings(
    double Temperature = 0, int TopK = 0, double TopP = 1, double MinP = 0, double RepetitionPenalty = 1, long Seed = 0)
{
    public bool IsGreedy => Temperature == 0;
}
