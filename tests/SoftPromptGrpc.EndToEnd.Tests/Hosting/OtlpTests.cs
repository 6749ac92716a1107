using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Hosting;

/// <summary>What a collector of OpenTelemetry receives.</summary>
public sealed class OtlpTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_WithACollector_ArrivesThereAsSpansMetricsAndLogs()
    {
        await using var collector = await Collector.StartAsync();
        await using var server = await ServerProcess.StartAsync(
            ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Directory("models/gpt2")), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"));

        await new InferenceService.InferenceServiceClient(server.Channel).InferAsync(
            new() { Input = new() { TokenIds = new() { Ids = { 5 } } } }, cancellationToken: _ct);

        await collector.WaitForAsync("/v1/traces", "text_completion m", _ct);
        await collector.WaitForAsync("/v1/traces", "POST /softprompt.v1.InferenceService/Infer", _ct);
        await collector.WaitForAsync("/v1/metrics", "gen_ai.server.time_to_first_token", _ct);
        await collector.WaitForAsync("/v1/logs", "Model {ModelId} is ready", _ct);
    }

    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly ConcurrentQueue<(string Path, string Body)> _received = new();
        private readonly SemaphoreSlim _more = new(0);

        private Collector()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            _app = builder.Build();
            _app.Run(ReceiveAsync);
        }

        public string Address => _app.Urls.First();

        public static async Task<Collector> StartAsync()
        {
            var collector = new Collector();
            await collector._app.StartAsync();
            return collector;
        }

        public async Task WaitForAsync(string path, string text, CancellationToken cancellationToken)
        {
            while (!_received.Any(received => received.Path == path && received.Body.Contains(text, StringComparison.Ordinal)))
                Assert.True(await _more.WaitAsync(TimeSpan.FromMinutes(1), cancellationToken), $"'{text}' never came to {path}.");
        }

        public async ValueTask DisposeAsync()
        {
            await _app.DisposeAsync();
            _more.Dispose();
        }

        private async Task ReceiveAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            _received.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            _more.Release();
        }
    }
}
