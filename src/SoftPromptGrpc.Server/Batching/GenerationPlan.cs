using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>A checked request to generate.</summary>
internal sealed record GenerationPlan
{
    public ServedPrompt? Prompt { get; init; }

    /// <summary>May be empty with a <see cref="SoftPrompt"/>.</summary>
    public required int[] Input { get; init; }

    public required SamplingSettings Sampling { get; init; }

    public required StopSettings Stops { get; init; }

    /// <summary>Ids that end the generation; empty to generate on behind them.</summary>
    public required IReadOnlyList<int> EndOfSequence { get; init; }

    /// <summary>What fits into the model's context behind prompt and input, or less.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Whether it is the context, not the caller, that limits <see cref="MaxNewTokens"/>.</summary>
    public required bool EndsWithContext { get; init; }

    /// <summary>How many alternatives to report with each log-probability; null: no log-probabilities.</summary>
    public int? Alternatives { get; init; }

    public int Priority { get; init; }

    public int VirtualTokens => Prompt?.VirtualTokens ?? 0;
}
