using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>A port of its own for /metrics, over HTTP/1.1: what comes in there reaches nothing else, and no other port has it.</summary>
internal static class MetricsEndpoint
{
    private static readonly object Mark = new();

    public static void Listen(KestrelServerOptions kestrel, IOptions<TelemetryOptions> options)
    {
        if (ListenAddress.TryParse(options.Value.MetricsListen) is { } address)
        {
            kestrel.Listen(address.Address, address.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use((connection, next) => MarkAsync(connection, next));
            });
        }
    }

    public static void Map(WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<TelemetryOptions>>().Value.MetricsListen.Length > 0)
            app.MapWhen(IsHere, metrics => metrics.UseOpenTelemetryPrometheusScrapingEndpoint());
    }

    private static Task MarkAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Items[Mark] = Mark;
        return next(connection);
    }

    private static bool IsHere(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(Mark) == true;
}
