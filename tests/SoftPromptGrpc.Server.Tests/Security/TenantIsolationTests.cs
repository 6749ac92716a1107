using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Jobs;
using TrainingEvent = SoftPromptGrpc.Contracts.V1.TrainingEvent;

namespace SoftPromptGrpc.Server.Tests.Security;

/// <summary>Through the whole server: what one tenant trains does not exist for another, whatever that one asks.</summary>
public sealed class TenantIsolationTests : IAsyncDisposable
{
    private readonly TrainingServer _server = new();
    private readonly PromptService.PromptServiceClient _prompts;
    private readonly TrainingService.TrainingServiceClient _training;
    private readonly InferenceService.InferenceServiceClient _inference;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public TenantIsolationTests()
    {
        _prompts = new(_server.Channel);
        _training = new(_server.Channel);
        _inference = new(_server.Channel);
    }

    private Metadata Acme => _server.As(SecuredServer.Acme);

    private Metadata Other => _server.As(SecuredServer.Other);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Stranger_WhateverIsAsked_FindsNothing()
    {
        var job = await TrainAsync("secret", Acme);
        await UpdateAsync("secret@1", "prod", Acme);

        AsyncUnaryCall<InferResponse> Infer(string prompt) =>
            _inference.InferAsync(new() { Prompt = prompt, Input = new() { Text = "a" } }, Other, cancellationToken: _ct);
        foreach (var name in new[] { "secret", "secret@1", "secret@prod" })
        {
            await NotFoundAsync(() => _prompts.GetPromptAsync(new() { Prompt = name }, Other, cancellationToken: _ct).ResponseAsync);
            await NotFoundAsync(() => Infer(name).ResponseAsync);
            await NotFoundAsync(() => _prompts.ExportPrompt(new() { Prompt = name }, Other, cancellationToken: _ct).ResponseStream.MoveNext(_ct));
        }
        await NotFoundAsync(() => _prompts.DeletePromptAsync(new() { Prompt = "secret" }, Other, cancellationToken: _ct).ResponseAsync);
        await NotFoundAsync(() => UpdateAsync("secret@1", "prod", Other));
        await NotFoundAsync(() => _training.GetTrainingJobAsync(new() { Job = job }, Other, cancellationToken: _ct).ResponseAsync);
        await NotFoundAsync(() => _training.WatchTrainingJob(new() { Job = job }, Other, cancellationToken: _ct).ResponseStream.MoveNext(_ct));
        await NotFoundAsync(() => _training.ResumeTrainingJob(new() { Job = job }, Other, cancellationToken: _ct).ResponseStream.MoveNext(_ct));
        await NotFoundAsync(() => _training.CancelTrainingJobAsync(new() { Job = job }, Other, cancellationToken: _ct).ResponseAsync);
        var prompts = await _prompts.ListPromptsAsync(new() { AllVersions = true, ShowDeleted = true }, Other, cancellationToken: _ct);
        var jobs = await _training.ListTrainingJobsAsync(new(), Other, cancellationToken: _ct);

        Assert.Equal((0, 0, 0), (prompts.Prompts.Count, prompts.TotalSize, jobs.Jobs.Count));
        var kept = (await _prompts.GetPromptAsync(new() { Prompt = "secret@prod" }, Acme, cancellationToken: _ct)).Prompt;
        Assert.Equal("secret@1", kept.Reference);
        await _inference.InferAsync(new() { Prompt = "secret@prod", Input = new() { Text = "a" } }, Acme, cancellationToken: _ct);
    }

    [Fact]
    public async Task SameNames_OfTwoTenants_AreTwoPromptsAndTwoAliases()
    {
        await TrainAsync("shared", Acme);
        await TrainAsync("shared", Acme);
        await UpdateAsync("shared@2", "prod", Acme);
        await TrainAsync("shared", Other);
        await UpdateAsync("shared@1", "prod", Other);

        await _prompts.DeletePromptAsync(new() { Prompt = "shared" }, Other, cancellationToken: _ct);
        var kept = (await _prompts.GetPromptAsync(new() { Prompt = "shared@prod" }, Acme, cancellationToken: _ct)).Prompt;

        Assert.Equal(2, kept.Version);
        await NotFoundAsync(() => _prompts.GetPromptAsync(new() { Prompt = "shared@prod" }, Other, cancellationToken: _ct).ResponseAsync);
    }

    private async Task<string> TrainAsync(string prompt, Metadata caller)
    {
        using var call = _training.TrainPrompt(new() { Spec = Specs.Small(s => (s.Model, s.Prompt) = (ServerFixture.Model, prompt)) }, caller, cancellationToken: _ct);
        var last = default(TrainingEvent);
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
            last = response.Event;
        Assert.NotNull(last?.Result);
        return last.Job;
    }

    private async Task UpdateAsync(string prompt, string alias, Metadata caller) => await _prompts.UpdatePromptAsync(
        new() { Prompt = prompt, Values = new() { Aliases = { alias } }, UpdateMask = new() { Paths = { "aliases" } } }, caller, cancellationToken: _ct);

    private static async Task NotFoundAsync(Func<Task> call) =>
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);

    private sealed class TrainingServer : SecuredServer
    {
        protected override IEnumerable<(string Key, string Value)> Settings =>
            base.Settings.Append(("Jobs:Backend", FakeTrainingBackend.DefaultName));

        protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton<ITrainingBackend>(new FakeTrainingBackend());
    }
}
