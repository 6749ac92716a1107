namespace SoftPromptGrpc.Server.Inference;

/// <param name="Name">What the result calls it.</param>
/// <param name="Content">Null: none, which is a violation.</param>
internal sealed record ClassifyLabel(string Name, InferenceContent? Content);

/// <param name="Target">Without a prompt.</param>
/// <param name="Prompts">References; none: the model alone.</param>
internal sealed record ClassifyQuery(
    TargetQuery Target, IReadOnlyList<string> Prompts, InferenceContent? Input, IReadOnlyList<ClassifyLabel> Labels)
{
    /// <summary>Whether log-probabilities are divided by the number of tokens.</summary>
    public bool PerToken { get; init; }

    /// <summary>Null: none.</summary>
    public InferenceContent? PriorInput { get; init; }

    /// <summary>Shares of the prompts' votes instead of the mean of their probabilities.</summary>
    public bool Vote { get; init; }
}

/// <param name="Probability">Of the ensemble.</param>
/// <param name="LogProbability">Summed over tokens; of the first prompt.</param>
internal sealed record ClassifiedLabel(string Name, double Probability, double LogProbability);

/// <param name="Labels">The most probable first.</param>
/// <param name="Agreement">Share of the prompts whose first label is the first one here.</param>
internal sealed record ClassifyResult(IReadOnlyList<ClassifiedLabel> Labels, double Agreement, Usage Usage);
