namespace SoftPromptGrpc.Server.Inference;

/// <param name="Model">Empty: the prompt's, or the only one.</param>
/// <param name="Prompt">A reference; empty: none.</param>
/// <param name="Backend">Empty: the server's default.</param>
internal sealed record TargetQuery(string Model = "", string Prompt = "", string Backend = "", bool ApplyTemplate = true);

/// <summary>As the contract's GenerationOptions; nothing is checked yet.</summary>
internal sealed record GenerationSettings
{
    public double Temperature { get; init; }
    public int TopK { get; init; }
    public double TopP { get; init; } = 1;
    public double MinP { get; init; }
    public double RepetitionPenalty { get; init; } = 1;
    public IReadOnlyList<string> StopTexts { get; init; } = [];
    public IReadOnlyList<IReadOnlyList<uint>> StopTokenIds { get; init; } = [];
    public int? MaxNewTokens { get; init; }
    public int MinNewTokens { get; init; }
    public long? Seed { get; init; }
    public bool IgnoreEndOfSequence { get; init; }
}

/// <param name="Input">Null: none.</param>
internal sealed record GenerationQuery(TargetQuery Target, InferenceContent? Input, GenerationSettings Settings)
{
    public bool LogProbabilities { get; init; }

    public int TopAlternatives { get; init; }

    public int Priority { get; init; }
}

/// <param name="Input">Null: none.</param>
/// <param name="Continuations">Null where one holds neither text nor ids.</param>
internal sealed record ScoreQuery(
    TargetQuery Target, InferenceContent? Input, IReadOnlyList<InferenceContent?> Continuations, bool AppendEndOfSequence = false);

/// <param name="Content">Null: none, which is a violation.</param>
internal sealed record TokenizeQuery(TargetQuery Target, InferenceContent? Content, bool AddSpecialTokens = true);
