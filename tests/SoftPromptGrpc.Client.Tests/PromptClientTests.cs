using Grpc.Core;
using SoftPromptGrpc.Client.Tests.Fakes;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests;

public sealed class PromptClientTests : IAsyncLifetime
{
    private readonly FakeServer _server = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task ListPromptsAsync_ThreePages_YieldsAllAndKeepsTheFilter()
    {
        _server.Prompts.Prompts.AddRange(Enumerable.Range(1, 5).Select(i => new Prompt { Name = $"p{i}" }));
        await using var client = _server.Connect();

        var prompts = await client.ListPromptsAsync(new ListPromptsRequest { Filter = "f" }, Token).ToListAsync(Token);

        Assert.Equal(["p1", "p2", "p3", "p4", "p5"], prompts.Select(prompt => prompt.Name));
        Assert.Equal(["", "2", "4"], _server.Prompts.ListRequests.Select(request => request.PageToken));
        Assert.All(_server.Prompts.ListRequests, request => Assert.Equal("f", request.Filter));
    }

    [Fact]
    public async Task ListPromptsAsync_StoppedEarly_AsksForNoFurtherPage()
    {
        _server.Prompts.Prompts.AddRange(Enumerable.Range(1, 5).Select(i => new Prompt { Name = $"p{i}" }));
        await using var client = _server.Connect();

        await client.ListPromptsAsync(Token).Take(2).ToListAsync(Token);

        Assert.Single(_server.Prompts.ListRequests);
    }

    [Fact]
    public async Task ExportPromptAsync_ManyChunks_WritesThemAll()
    {
        _server.Prompts.Prompts.Add(new Prompt { Name = "p", Reference = "p@1" });
        _server.Prompts.Content = Bytes(12_345);
        await using var client = _server.Connect();
        using var destination = new MemoryStream();

        var header = await client.ExportPromptAsync("p@1", AdapterFormat.Npy, destination, Token);

        Assert.Equal(("p@1", AdapterFormat.Npy), (header.Prompt.Reference, header.Format));
        Assert.Equal(_server.Prompts.Content, destination.ToArray());
    }

    [Fact]
    public async Task ExportPromptAsync_LessThanAnnounced_IsDataLoss()
    {
        _server.Prompts.Prompts.Add(new Prompt { Name = "p", Reference = "p@1" });
        _server.Prompts.Content = Bytes(10);
        _server.Prompts.AnnouncedBytes = 11;
        await using var client = _server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(
            () => client.ExportPromptAsync("p@1", AdapterFormat.PeftZip, Stream.Null, Token));

        Assert.Equal(StatusCode.DataLoss, error.StatusCode);
    }

    [Fact]
    public async Task ImportPromptAsync_LongStream_ArrivesWhole()
    {
        var content = Bytes(700_001);
        await using var client = _server.Connect();

        var prompt = await client.ImportPromptAsync(new ImportHeader { Prompt = "p", Model = "tiny" }, new MemoryStream(content), Token);

        Assert.Equal("p@1", prompt.Reference);
        Assert.Equal("tiny", _server.Prompts.Imported!.Model);
        Assert.Equal(content, _server.Prompts.ImportedContent);
    }

    [Fact]
    public async Task ImportPromptAsync_RefusedBeforeTheEnd_ThrowsTheServersReason()
    {
        _server.Prompts.ImportFailure = Failures.Invalid(("prompt", "is no name"));
        await using var client = _server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(
            () => client.ImportPromptAsync(new ImportHeader { Prompt = "?" }, new MemoryStream(Bytes(50_000_000)), Token));

        Assert.Equal("prompt", Assert.Single(error.Violations).Field);
    }

    [Fact]
    public async Task MoveAliasAsync_PromptWithAliases_KeepsThemAndSendsItsETag()
    {
        _server.Prompts.Prompts.Add(new Prompt { Name = "p", Reference = "p@1", Etag = "e", Aliases = { "eu" }, Description = "d" });
        await using var client = _server.Connect();

        var moved = await client.MoveAliasAsync("p", "prod", Token);

        Assert.Equal(["eu", "prod"], moved.Aliases);
        Assert.Equal(["aliases"], _server.Prompts.Updates[0].UpdateMask.Paths);
        Assert.Equal(("p@1", "e"), (_server.Prompts.Updates[0].Prompt, _server.Prompts.Updates[0].Etag));
    }

    [Fact]
    public async Task UndeletePromptAsync_Deleted_ClearsTheTime()
    {
        _server.Prompts.Prompts.Add(new Prompt { Name = "p", Reference = "p@1", DeleteTime = new() { Seconds = 1 } });
        await using var client = _server.Connect();

        var undeleted = await client.UndeletePromptAsync("p@1", Token);

        Assert.Null(undeleted.DeleteTime);
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
