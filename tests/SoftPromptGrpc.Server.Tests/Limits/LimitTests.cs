using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Security;
using Status = Google.Rpc.Status;
using TextTemplate = SoftPromptGrpc.Core.Prompts.TextTemplate;

namespace SoftPromptGrpc.Server.Tests.Limits;

public sealed class LimitTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_MoreThanTheRate_AreRefusedUntilTheTimeThatIsTold()
    {
        var time = new FakeTimeProvider();
        await using var server = new LimitedServer([("Limits:RequestsPerSecond", "0.5"), ("Limits:Burst", "2")]) { Time = time };

        await TokenizeAsync(server);
        await TokenizeAsync(server);
        var status = await RefusedAsync(() => TokenizeAsync(server));
        await TokenizeAsync(server, SecuredServer.Other); // Another tenant has a bucket of its own.

        AssertQuota(status, "RequestsPerSecond", 1);
        Assert.Equal(TimeSpan.FromSeconds(2), status.GetDetail<RetryInfo>().RetryDelay.ToTimeSpan());
        time.Advance(TimeSpan.FromSeconds(2));
        await TokenizeAsync(server);
    }

    [Fact]
    public async Task Streams_MoreThanMayBeUnderWay_AreRefusedUntilOneEnds()
    {
        await using var server = new LimitedServer([("Limits:Tenants:acme:ConcurrentRequests", "1")]);
        var gate = new StepGate();
        server.Backend.Stepping = gate.Pass;
        using var stream = Stream(server);
        await gate.Entered();

        var status = await RefusedAsync(() => TokenizeAsync(server));
        await TokenizeAsync(server, SecuredServer.Other);
        gate.Open();
        await foreach (var _ in stream.ResponseStream.ReadAllAsync(_ct))
        {
        }

        AssertQuota(status, "ConcurrentRequests", 1);
        Assert.NotNull(status.GetDetail<RetryInfo>());
    }

    [Fact]
    public void Enter_AfterOneHasLeft_LetsAnotherIn()
    {
        var gate = new TenantGate("acme", new TenantLimits { ConcurrentRequests = 2 }, TimeProvider.System);
        var first = gate.Enter();
        using var second = gate.Enter();
        Assert.Throws<Core.SoftPromptException>(gate.Enter);

        first.Dispose();

        gate.Enter().Dispose();
    }

    [Fact]
    public async Task Infer_MoreTokensThanARequestMayTake_IsRefused()
    {
        await using var server = new LimitedServer([("Limits:TokensPerRequest", "13")]);
        var client = new InferenceService.InferenceServiceClient(server.Channel);

        // 5 tokens: there is one before the text.
        var most = await client.InferAsync(Request("abcd", 8), server.As(SecuredServer.Acme), cancellationToken: _ct);
        var unsaid = await client.InferAsync(Request("abcd", null), server.As(SecuredServer.Acme), cancellationToken: _ct);
        var asked = await RefusedAsync(() => client.InferAsync(Request("abcd", 9), server.As(SecuredServer.Acme), cancellationToken: _ct).ResponseAsync);
        var given = await RefusedAsync(() => client.InferAsync(
            Request("abcdefghijkl", null), server.As(SecuredServer.Acme), cancellationToken: _ct).ResponseAsync);
        var scored = await RefusedAsync(() => client.ScoreAsync(
            new() { Model = ServerFixture.Model, Input = new() { Text = "abcdefgh" }, Continuations = { new Content { Text = "abcde" } } },
            server.As(SecuredServer.Acme), cancellationToken: _ct).ResponseAsync);

        Assert.Equal(most.Generation.TokenIds.Count, unsaid.Generation.TokenIds.Count);
        Assert.Equal(FinishReason.Length, unsaid.Generation.FinishReason);
        Assert.All([asked, given, scored], status => AssertQuota(status, "TokensPerRequest", 13));
        Assert.Null(asked.GetDetail<RetryInfo>()); // Waiting does not help.
    }

    [Fact]
    public async Task Import_MorePromptsThanMayBeStored_IsRefusedUntilOneIsDeleted()
    {
        await using var server = new LimitedServer([("Limits:StoredPrompts", "1")]);
        var prompts = server.Services.GetRequiredService<PromptStore>();
        server.Services.GetRequiredService<TenantScope>().Enter(SecuredServer.Acme);
        await prompts.AddAsync(NewPrompt("a"), _ct);

        var refusal = await Assert.ThrowsAsync<Core.SoftPromptException>(() => prompts.AddAsync(NewPrompt("a"), _ct));
        await prompts.DeleteAsync(PromptReference.Parse("a@1"), "", _ct);
        await prompts.AddAsync(NewPrompt("a"), _ct);

        Assert.Equal(new Core.Quota("StoredPrompts", SecuredServer.Acme, 1, null), refusal.Quota);
    }

    private static NewPrompt NewPrompt(string name) =>
        new(name, ServerFixture.Model, new SoftPrompt(1, 2, [1, 2], "print"), TextTemplate.None, new Dictionary<string, string>(), _ => "{}");

    private static InferRequest Request(string text, int? maxNewTokens)
    {
        var request = new InferRequest
        {
            Model = ServerFixture.Model,
            Input = new() { Text = text },
            Generation = new() { IgnoreEndOfSequence = true },
        };
        if (maxNewTokens is { } most)
            request.Generation.MaxNewTokens = most;
        return request;
    }

    private AsyncServerStreamingCall<StreamInferResponse> Stream(LimitedServer server) =>
        new InferenceService.InferenceServiceClient(server.Channel).StreamInfer(
            new() { Request = Request("a", 2) }, server.As(SecuredServer.Acme), cancellationToken: _ct);

    private async Task TokenizeAsync(LimitedServer server, string tenant = SecuredServer.Acme) =>
        await new InferenceService.InferenceServiceClient(server.Channel).TokenizeAsync(
            new() { Model = ServerFixture.Model, Content = new() { Text = "a" } }, server.As(tenant), cancellationToken: _ct);

    private static async Task<Status> RefusedAsync(Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        return error.GetRpcStatus()!;
    }

    private static void AssertQuota(Status status, string limit, long value)
    {
        var violation = Assert.Single(status.GetDetail<QuotaFailure>().Violations);
        Assert.Equal(("tenant:acme", limit, value), (violation.Subject, violation.QuotaMetric, violation.QuotaValue));
        Assert.Equal("QUOTA_EXCEEDED", status.GetDetail<ErrorInfo>().Reason);
    }

    private sealed class LimitedServer((string, string)[] limits) : SecuredServer
    {
        public TimeProvider Time { get; init; } = TimeProvider.System;

        protected override IEnumerable<(string Key, string Value)> Settings => base.Settings.Concat(limits);

        protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton(Time);
    }
}
