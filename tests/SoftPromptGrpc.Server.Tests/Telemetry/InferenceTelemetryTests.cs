using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Telemetry;

namespace SoftPromptGrpc.Server.Tests.Telemetry;

public sealed class InferenceTelemetryTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private readonly InferenceService.InferenceServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_Answered_IsCountedByModelPromptAndPhase()
    {
        using var readings = new InstrumentReadings(server.Services);

        var usage = (await _client.InferAsync(Request(3), cancellationToken: _ct)).Generation.Usage;
        readings.Observe();

        (string, string)[] request = [("gen_ai.operation.name", "text_completion"), ("gen_ai.request.model", ServerFixture.Model)];
        Assert.Single(readings.Of("gen_ai.server.request.duration", request));
        Assert.Single(readings.Of("gen_ai.server.time_to_first_token", request));
        Assert.Single(readings.Of("gen_ai.server.time_per_output_token", request));
        Assert.Equal([usage.InputTokens], readings.Of("softprompt.prompt.tokens", ("gen_ai.token.type", "input"), ("softprompt.tenant", "default")));
        Assert.Equal([3], readings.Of("softprompt.prompt.tokens", ("gen_ai.token.type", "output")));
        Assert.Equal(
            usage.QueueTime.ToTimeSpan().TotalSeconds, Assert.Single(readings.Of("softprompt.prompt.time", ("softprompt.phase", "queue"))), 6);
        Assert.Equal([1, 1, 1], readings.Of("softprompt.batch.size", ("gen_ai.request.model", ServerFixture.Model)));
        Assert.Equal([0], readings.Of("softprompt.batch.waiting", ("gen_ai.request.model", ServerFixture.Model)));
    }

    [Fact]
    public async Task Infer_Refused_IsAnErrorOfItsMethodAndStatus()
    {
        using var readings = new InstrumentReadings(server.Services);

        await Assert.ThrowsAsync<RpcException>(() => _client.InferAsync(new() { Prompt = "none" }, cancellationToken: _ct).ResponseAsync);

        Assert.Single(readings.Of(
            "rpc.server.call.duration", ("rpc.method", "softprompt.v1.InferenceService/Infer"), ("error.type", "NOT_FOUND"),
            ("rpc.response.status_code", "NOT_FOUND")));
        Assert.Single(readings.Of("gen_ai.server.request.duration", ("error.type", "_OTHER")));
        Assert.Empty(readings.Of("softprompt.prompt.requests"));
    }

    [Fact]
    public async Task Infer_InATrace_IsASpanWithASpanForEachPhase()
    {
        var trace = ActivityTraceId.CreateRandom();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Instruments.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.TraceId == trace)
                    spans.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(listener);

        await _client.InferAsync(
            Request(2), new Metadata { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" } }, cancellationToken: _ct);

        var request = Assert.Single(spans, span => span.DisplayName == "text_completion tiny");
        Assert.Equal(2, request.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(
            ["queue", "prefill", "decode"],
            spans.Where(span => span.ParentSpanId == request.SpanId).OrderBy(span => span.StartTimeUtc).Select(span => span.DisplayName));
    }

    [Fact]
    public void NameOf_MorePromptsThanSeries_SharesOne()
    {
        var series = new PromptSeries(Microsoft.Extensions.Options.Options.Create(new TelemetryOptions { MostPrompts = 2 }));

        (string Tenant, string Prompt)[] prompts = [("t", "a@1"), ("t", "b@1"), ("u", "a@1"), ("t", "a@1"), ("u", "")];
        Assert.Equal(["a@1", "b@1", "_other", "a@1", ""], prompts.Select(prompt => series.NameOf(prompt.Tenant, prompt.Prompt)));
    }

    private static InferRequest Request(int tokens) => new()
    {
        Model = ServerFixture.Model,
        Input = new() { Text = "ab>" },
        Generation = new() { MaxNewTokens = tokens, IgnoreEndOfSequence = true },
    };
}
