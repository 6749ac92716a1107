using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Inference;

public sealed class ModelServiceTests(ModelServiceTests.Server server) : IClassFixture<ModelServiceTests.Server>
{
    private readonly ModelService.ModelServiceClient _client = new(server.Channel);
    private readonly InferenceService.InferenceServiceClient _inference = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ListModels_PageByPage_GivesEachOnceInTheOrderOfIds()
    {
        var (ids, token) = (new List<string>(), "");
        do
        {
            var page = await _client.ListModelsAsync(new() { PageSize = 2, PageToken = token }, cancellationToken: _ct);
            Assert.InRange(page.Models.Count, 1, 2);
            ids.AddRange(page.Models.Select(model => model.Id));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Equal(["alpha", "broken-one", "zeta"], ids);
    }

    [Fact]
    public async Task ListModels_BadPage_NamesBothFields()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => _client.ListModelsAsync(new() { PageSize = -1, PageToken = "x" }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("page_size", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("page_token", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetModel_Loaded_DescribesIt()
    {
        await _inference.TokenizeAsync(new() { Model = "alpha", Content = new() { Text = "a" } }, cancellationToken: _ct);

        var model = (await _client.GetModelAsync(new() { Model = "alpha" }, cancellationToken: _ct)).Model;

        Assert.Equal((ModelState.Ready, "fake", FakeModels.FingerprintOf("alpha")), (model.State, model.Architecture, model.Fingerprint));
        Assert.Equal((FakeTokenizer.Size, 64, true), (model.VocabularySize, model.ContextLength, model.HasTokenizer));
        Assert.Equal(["fake"], model.InferenceBackends);
        Assert.Equal([2u], model.EndOfSequenceIds);
    }

    [Fact]
    public async Task GetModel_ThatCouldNotBeLoaded_SaysWhyAndRefusesRequests()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => _inference.InferAsync(
            new() { Model = "broken-one", Input = new() { Text = "a" } }, cancellationToken: _ct).ResponseAsync);
        var model = (await _client.GetModelAsync(new() { Model = "broken-one" }, cancellationToken: _ct)).Model;

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal((ModelState.Failed, "config.json does not parse."), (model.State, model.StateMessage));
    }

    [Fact]
    public async Task GetModel_Unknown_IsNotFound()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => _client.GetModelAsync(new() { Model = "none" }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> ModelIds => ["zeta", "alpha", "broken-one"];
    }
}
