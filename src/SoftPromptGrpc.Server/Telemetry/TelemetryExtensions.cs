using System.Reflection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Telemetry;

internal static class TelemetryExtensions
{
    /// <summary>As all of OpenTelemetry reads it; without it nothing is sent anywhere.</summary>
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<TelemetryOptions, TelemetryOptionsValidator>()
            .BindConfiguration(TelemetryOptions.Section)
            .Validate(
                options => options.MetricsListen.Length == 0 || ListenAddress.TryParse(options.MetricsListen) is { IsSecure: false },
                "Telemetry:MetricsListen must be http://ADDRESS:PORT with an IP address or localhost, or empty.");
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<TelemetryOptions>>(MetricsEndpoint.Listen);
        services.AddSingleton<PromptSeries>();
        services.AddSingleton<InferenceTelemetry>();
        services.AddSingleton<JobTelemetry>();
        services.AddSingleton<RpcTelemetry>();
        AddExport(services, builder.Configuration);
    }

    public static void UseTelemetry(this WebApplication app)
    {
        MetricsEndpoint.Map(app);
        app.UseMiddleware<RpcTelemetry>();
    }

    /// <summary>What nobody collects is not even counted: instruments without a listener cost nothing.</summary>
    private static void AddExport(IServiceCollection services, ConfigurationManager configuration)
    {
        var isSent = !string.IsNullOrEmpty(configuration[OtlpEndpoint]);
        var options = configuration.GetSection(TelemetryOptions.Section).Get<TelemetryOptions>() ?? new();
        if (!isSent && options.MetricsListen.Length == 0)
            return;
        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("softprompt", serviceVersion: Version));
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(Instruments.Source, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel");
            // Each prompt has up to three series: its phases, or its kinds of tokens.
            metrics.AddView(
                Instruments.PerPrompt + "*", new MetricStreamConfiguration { CardinalityLimit = (3 * options.MostPrompts) + 64 });
            if (options.MetricsListen.Length > 0)
                metrics.AddPrometheusExporter();
        });
        if (!isSent)
            return;
        telemetry.WithTracing(traces => traces.AddSource(Instruments.Source).AddAspNetCoreInstrumentation()).WithLogging();
        telemetry.UseOtlpExporter();
    }

    private static string Version =>
        typeof(TelemetryExtensions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
}
