using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>
/// Names of what is told. Where OpenTelemetry's conventions for RPC and generative AI have a name, it is theirs; our own begin with
/// "softprompt.".
/// </summary>
internal static class Instruments
{
    /// <summary>Of the meter and of the source of spans.</summary>
    public const string Source = "SoftPromptGrpc.Server";

    public const string PerPrompt = "softprompt.prompt.";

    public const string Operation = "gen_ai.operation.name";
    public const string Provider = "gen_ai.provider.name";
    public const string ProviderName = "softprompt";
    public const string Model = "gen_ai.request.model";
    public const string TokenType = "gen_ai.token.type";
    public const string ErrorType = "error.type";
    public const string Prompt = "softprompt.prompt";
    public const string Tenant = "softprompt.tenant";
    public const string Phase = "softprompt.phase";
    public const string Backend = "softprompt.backend";
    public const string Job = "softprompt.job";
    public const string State = "softprompt.state";

    /// <summary>Errors of no kind that is worth a series.</summary>
    public const string Other = "_OTHER";

    public static readonly ActivitySource Spans = new(Source);

    /// <summary>Bounds that OpenTelemetry gives for the time of a whole request and its first token, in seconds.</summary>
    public static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    /// <summary>For times of one token, in seconds.</summary>
    public static readonly InstrumentAdvice<double> TokenSeconds = new()
    {
        HistogramBucketBoundaries = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2.5],
    };

    public static Meter CreateMeter(this IMeterFactory meters) => meters.Create(Source);
}
