namespace SoftPromptGrpc.Server.Batching;

/// <summary>A checked request to generate.</summary>
internal sealed record GenerationPlan
{
    public required SequenceStart Start { get; init; }

    public required SamplingSettings Sampling { get; init; }

    public required StopSettings Stops { get; init; }

    /// <summary>Ids that end the generation; empty to generate on behind them.</summary>
    public required IReadOnlyList<int> EndOfSequence { get; init; }

    /// <summary>The token that the output begins with, whatever the model would choose; null: none.</summary>
    public int? ForcedFirst { get; init; }

    /// <summary>The last token that fits is the end of the sequence, whatever the model would choose.</summary>
    public bool ForcesEnd { get; init; }

    /// <summary>What fits into the model's context behind prompt and input, or less.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Whether it is the context, not the caller, that limits <see cref="MaxNewTokens"/>.</summary>
    public required bool EndsWithContext { get; init; }

    /// <summary>How many alternatives to report with each log-probability; null: no log-probabilities.</summary>
    public int? Alternatives { get; init; }

    public int Priority { get; init; }

    public string Tenant { get; init; } = "";

    /// <summary>Whether output is wanted as it comes, not only at the end.</summary>
    public bool IsStreamed { get; init; } = true;

    /// <summary>The least time between two parts of a stream, but for the end.</summary>
    public TimeSpan StreamInterval { get; init; }
}
