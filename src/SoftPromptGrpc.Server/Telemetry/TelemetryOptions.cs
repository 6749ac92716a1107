using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>
/// Bound from the "Telemetry" section and checked when the host starts. Export by OTLP is set as OpenTelemetry has it everywhere, by
/// OTEL_EXPORTER_OTLP_ENDPOINT and its relatives.
/// </summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>"http://ADDRESS:PORT" where Prometheus finds /metrics over HTTP/1.1 and nothing else is served; empty: nowhere.</summary>
    public string MetricsListen { get; set; } = "";

    /// <summary>Prompts that have time series of their own, first come; the others share one named "_other".</summary>
    [Range(0, 100_000)]
    public int MostPrompts { get; set; } = 500;
}

[OptionsValidator]
internal sealed partial class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>;
