using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>Times every call, by method and status (OpenTelemetry's conventions for RPC servers).</summary>
internal sealed class RpcTelemetry(IMeterFactory meters) : IMiddleware
{
    private readonly Histogram<double> _duration = meters.CreateMeter().CreateHistogram(
        "rpc.server.call.duration", "s", "Time of a call, to its status.", advice: Instruments.Seconds);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            // What has no endpoint is a method that nobody offers; its name would be the caller's choice.
            if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is { } method)
                Record(Stopwatch.GetElapsedTime(began), method.Method.FullName.TrimStart('/'), StatusOf(context));
        }
    }

    private void Record(TimeSpan duration, string method, StatusCode status)
    {
        var name = NameOf(status);
        var tags = new TagList { { "rpc.system.name", "grpc" }, { "rpc.method", method }, { "rpc.response.status_code", name } };
        if (status != StatusCode.OK)
            tags.Add(Instruments.ErrorType, name);
        _duration.Record(duration.TotalSeconds, tags);
    }

    private static StatusCode StatusOf(HttpContext context)
    {
        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        var text = (trailers?["grpc-status"] ?? default).FirstOrDefault() ?? context.Response.Headers["grpc-status"].FirstOrDefault();
        if (int.TryParse(text, CultureInfo.InvariantCulture, out var status))
            return (StatusCode)status;
        return context.RequestAborted.IsCancellationRequested ? StatusCode.Cancelled : StatusCode.Unknown;
    }

    /// <summary>As gRPC spells it: "INVALID_ARGUMENT".</summary>
    private static string NameOf(StatusCode status) =>
        status is StatusCode.OK
            ? "OK"
            : string.Concat(status.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}
