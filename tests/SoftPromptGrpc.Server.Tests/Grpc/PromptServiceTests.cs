using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.ModelFormats.Adapters;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using Client = SoftPromptGrpc.Contracts.V1.PromptService.PromptServiceClient;

namespace SoftPromptGrpc.Server.Tests.Grpc;

public sealed class PromptServiceTests(PromptServiceTests.SmallUploads server) : IClassFixture<PromptServiceTests.SmallUploads>
{
    private readonly Client _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>A server that takes adapters up to 100 kB.</summary>
    public sealed class SmallUploads : ServerFixture
    {
        protected override IEnumerable<(string Key, string Value)> Settings => [("Prompts:MaxImportBytes", "100000")];
    }

    [Fact]
    public async Task Import_ThenExport_GivesTheSameNumbersAndItsMetadata()
    {
        var zip = Zip(Adapter(3));

        var imported = await ImportAsync(Header("round-trip", h => h.Labels["team"] = "x"), zip);
        var (header, content) = await ExportAsync("round-trip");
        var again = PeftAdapterReader.ReadZip(content);

        Assert.Equal("round-trip@1", imported.Reference);
        Assert.Equal((3, FakeModels.HiddenSize, 48L), (imported.VirtualTokens, imported.HiddenSize, imported.SizeBytes));
        Assert.Equal(FakeModels.FingerprintOf(ServerFixture.Model), imported.ModelFingerprint);
        Assert.Equal("somebody/model", imported.Lineage.Imported.BaseModelName);
        Assert.Equal(64, imported.Lineage.Imported.ContentSha256.Length);
        Assert.Equal("x", imported.Labels["team"]);
        Assert.Equal(Adapter(3).Values, again.Values);
        Assert.Equal("somebody/model", again.Config.BaseModelName);
        Assert.Equal((1, 1), (again.Config.LayerCount, again.Config.HeadCount));
        Assert.Equal(("round-trip-1.zip", AdapterFormat.PeftZip, content.Length), (header.FileName, header.Format, header.SizeBytes));
        Assert.Equal(imported, header.Prompt);
        Assert.Equal(imported, (await _client.GetPromptAsync(new() { Prompt = "round-trip@1" }, cancellationToken: _ct)).Prompt);
    }

    [Fact]
    public async Task Import_OfAnExport_TakesTheTemplateFromTheSideFile()
    {
        await ImportAsync(Header("template", h => h.Template = new() { Pattern = "<{input}>" }), Zip(Adapter(1)));
        var (_, content) = await ExportAsync("template");

        var taken = await ImportAsync(Header("template-2"), content);
        var replaced = await ImportAsync(Header("template-3", h => h.Template = new() { Pattern = "{input}!" }), content);

        Assert.Equal("<{input}>", taken.Template.Pattern);
        Assert.Equal("{input}!", replaced.Template.Pattern);
    }

    [Fact]
    public async Task Import_AdapterOfAnotherWidth_IsRefused()
    {
        var adapter = Adapter(1);
        var wide = Zip(adapter with { Config = adapter.Config with { HiddenSize = 6 }, Values = new float[6] });

        await RefusedAsync(StatusCode.FailedPrecondition, wide, "it is 6 wide");
    }

    [Fact]
    public async Task Import_MadeForAnotherFingerprint_IsRefusedNamingBoth()
    {
        await ImportAsync(Header("theirs"), Zip(Adapter(1)));
        var (_, content) = await ExportAsync("theirs");

        var error = await Assert.ThrowsAsync<RpcException>(
            () => ImportAsync(Header("ours", h => h.Model = ServerFixture.ModelOfIds), content));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains(FakeModels.FingerprintOf(ServerFixture.Model), error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(FakeModels.FingerprintOf(ServerFixture.ModelOfIds), error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_NotFinite_IsInvalid() => await RefusedAsync(
        StatusCode.InvalidArgument, Zip(Adapter(1) with { Values = [1, float.NaN, 0, 0] }), "not finite");

    [Fact]
    public async Task Import_NoZip_IsInvalid() => await RefusedAsync(StatusCode.InvalidArgument, [1, 2, 3], "zip");

    [Fact]
    public async Task Import_Nothing_IsInvalid() => await RefusedAsync(StatusCode.InvalidArgument, [], "zip");

    [Fact]
    public async Task Import_Pickle_IsInvalidAndSaysWhy() => await RefusedAsync(
        StatusCode.InvalidArgument,
        Zip(("adapter_config.json", "{\"peft_type\": \"PROMPT_TUNING\"}"), ("adapter_model.bin", "x")),
        "pickled");

    [Fact]
    public async Task Import_OverTheLimit_IsInvalid() =>
        await RefusedAsync(StatusCode.InvalidArgument, new byte[100_001], "100000");

    [Fact]
    public async Task Import_FillsTheContext_IsInvalid() => await RefusedAsync(
        StatusCode.InvalidArgument, Zip(Adapter(FakeModels.ContextLength)), "context");

    [Theory]
    [InlineData("{")]
    [InlineData("{\"template\": {\"pattern\": \"none\"}}")]
    [InlineData("{\"template\": 5}")]
    [InlineData("{\"modelFingerprint\": \"a b\"}")]
    public async Task Import_MalformedSideFile_IsInvalid(string sideFile) => await RefusedAsync(
        StatusCode.InvalidArgument, Zip(Adapter(1) with { SideFile = sideFile }), "");

    [Fact]
    public async Task Import_BadHeader_ReportsEveryViolation()
    {
        var header = Header("no name!", h =>
        {
            h.Format = (AdapterFormat)99;
            h.Template = new() { Pattern = "none" };
            h.Labels[new string('k', 64)] = "v";
        });

        var error = await Assert.ThrowsAsync<RpcException>(() => ImportAsync(header, []));

        Assert.Equal(
            ["header.format", "header.prompt", "header.template.pattern", "header.labels"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Import_WrongOrder_IsInvalid(bool twoHeaders)
    {
        using var call = _client.ImportPrompt(cancellationToken: _ct);
        if (twoHeaders)
            await call.RequestStream.WriteAsync(new() { Header = Header("a") }, _ct);
        await call.RequestStream.WriteAsync(
            twoHeaders ? new() { Header = Header("a") } : new() { Chunk = ByteString.Empty }, _ct);
        await call.RequestStream.CompleteAsync();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Import_UnknownModel_IsNotFound()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => ImportAsync(Header("a", h => h.Model = "none"), Zip(Adapter(1))));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Export_Npy_CanBeImportedAgain()
    {
        var imported = await ImportAsync(Header("npy"), Zip(Adapter(2)));

        var (header, content) = await ExportAsync("npy", AdapterFormat.Npy);
        var again = await ImportAsync(Header("npy", h => h.Format = AdapterFormat.Npy), content);

        Assert.Equal(("npy-1.npy", AdapterFormat.Npy), (header.FileName, header.Format));
        Assert.Equal((imported.ContentHash, "npy@2"), (again.ContentHash, again.Reference));
    }

    [Fact]
    public async Task Export_Large_ComesInChunksOfAtMostAMebibyte()
    {
        const int Rows = 200_000;
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, Rows * FakeModels.HiddenSize).Select(_ => random.NextSingle())];
        var numbers = new SoftPrompt(Rows, FakeModels.HiddenSize, values, FakeModels.FingerprintOf(ServerFixture.Model));
        await server.Services.GetRequiredService<PromptStore>().AddAsync(
            new NewPrompt(
                "large", ServerFixture.Model, numbers, Core.Prompts.TextTemplate.None, new Dictionary<string, string>(), _ => "{}"),
            _ct);

        using var call = _client.ExportPrompt(new() { Prompt = "large" }, cancellationToken: _ct);
        var parts = await call.ResponseStream.ReadAllAsync(_ct).ToListAsync(_ct);

        Assert.All(parts.Skip(1), p => Assert.InRange(p.Chunk.Length, 1, 1 << 20));
        Assert.True(parts.Count > 3);
        Assert.Equal(parts[0].Header.SizeBytes, parts.Skip(1).Sum(p => p.Chunk.Length));
        var content = parts.Skip(1).SelectMany(p => p.Chunk.ToByteArray()).ToArray();
        Assert.Equal(values, PeftAdapterReader.ReadZip(content).Values);
    }

    [Fact]
    public async Task List_ByLabelInPages_GivesTotalsAndTokens()
    {
        foreach (var name in (string[])["list-a", "list-b", "list-b"])
            await ImportAsync(Header(name, h => h.Labels["list"] = "yes"), Zip(Adapter(1)));
        var request = new ListPromptsRequest { Filter = "labels.list = \"yes\"", PageSize = 1 };

        var first = await _client.ListPromptsAsync(request, cancellationToken: _ct);
        request.PageToken = first.NextPageToken;
        var second = await _client.ListPromptsAsync(request, cancellationToken: _ct);

        Assert.Equal(("list-a@1", 2), (Assert.Single(first.Prompts).Reference, first.TotalSize));
        Assert.Equal(("list-b@2", 2), (Assert.Single(second.Prompts).Reference, second.TotalSize));
        Assert.Empty(second.NextPageToken);
        request.Filter = "";
        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.ListPromptsAsync(request, cancellationToken: _ct));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task List_EverythingWrong_ReportsEveryViolation()
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.ListPromptsAsync(
            new() { PageSize = 1001, PageToken = "?", OrderBy = "color", Filter = "a AND b" }, cancellationToken: _ct));

        Assert.Equal(
            ["order_by", "filter", "filter", "page_size", "page_token"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public async Task Delete_Version_IsGoneUntilItIsUndeleted()
    {
        var prompt = await ImportAsync(Header("delete"), Zip(Adapter(1)));

        var deleted = await _client.DeletePromptAsync(new() { Prompt = "delete", Etag = prompt.Etag }, cancellationToken: _ct);
        var gone = await Assert.ThrowsAsync<RpcException>(
            async () => await _client.GetPromptAsync(new() { Prompt = "delete" }, cancellationToken: _ct));
        var back = await UpdateAsync("delete@1", new Prompt(), "delete_time");

        Assert.Equal(1, deleted.DeletedCount);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
        Assert.Null(back.DeleteTime);
        Assert.NotEqual(prompt.Etag, back.Etag);
        Assert.Equal(back, (await _client.GetPromptAsync(new() { Prompt = "delete" }, cancellationToken: _ct)).Prompt);
    }

    [Fact]
    public async Task Update_EverythingAtOnce_IsTheNewPromptAndItsAliasLeadsToIt()
    {
        var imported = await ImportAsync(Header("update", h => h.Labels["team"] = "x"), Zip(Adapter(1)));
        var values = new Prompt { Description = "for reviews", Aliases = { "prod", "eu" }, Labels = { ["stage"] = "done" }, Name = "ignored" };

        var updated = await UpdateAsync("update", values, "labels", "aliases", "description");

        var expected = new Prompt(imported) { Description = "for reviews", Aliases = { "eu", "prod" }, Etag = updated.Etag };
        expected.Labels.Clear();
        expected.Labels.Add("stage", "done");
        Assert.Equal(expected, updated);
        Assert.NotEqual(imported.Etag, updated.Etag);
        Assert.Equal(updated, (await _client.GetPromptAsync(new() { Prompt = "update@prod" }, cancellationToken: _ct)).Prompt);
    }

    [Fact]
    public async Task Update_AnOldETag_IsAborted()
    {
        var imported = await ImportAsync(Header("etag"), Zip(Adapter(1)));
        await UpdateAsync("etag", new Prompt { Description = "a" }, "description");

        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.UpdatePromptAsync(
            new() { Prompt = "etag", Etag = imported.Etag, UpdateMask = new() { Paths = { "description" } } }, cancellationToken: _ct));

        Assert.Equal(StatusCode.Aborted, error.StatusCode);
        Assert.Equal("a", (await _client.GetPromptAsync(new() { Prompt = "etag" }, cancellationToken: _ct)).Prompt.Description);
    }

    [Fact]
    public async Task Update_EverythingWrong_ReportsEveryViolation()
    {
        var values = new Prompt
        {
            Labels = { [new string('k', 64)] = "v" },
            Aliases = { "3", "3" },
            Description = new string('d', 4097),
            DeleteTime = new(),
        };
        var request = new UpdatePromptRequest { Prompt = "?", Values = values };
        request.UpdateMask = new() { Paths = { "labels", "aliases", "description", "delete_time", "name" } };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.UpdatePromptAsync(request, cancellationToken: _ct));
        var empty = await Assert.ThrowsAsync<RpcException>(async () => await _client.UpdatePromptAsync(new(), cancellationToken: _ct));

        Assert.Equal(
            ["prompt", "update_mask", "values.labels", "values.aliases", "values.aliases", "values.description", "values.delete_time"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field));
        Assert.Equal(StatusCode.InvalidArgument, empty.StatusCode);
    }

    [Fact]
    public async Task Get_MalformedReference_IsInvalid()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await _client.GetPromptAsync(new() { Prompt = "a@@" }, cancellationToken: _ct));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    private async Task<Prompt> UpdateAsync(string prompt, Prompt values, params string[] fields) => (await _client.UpdatePromptAsync(
        new() { Prompt = prompt, Values = values, UpdateMask = new() { Paths = { fields } } }, cancellationToken: _ct)).Prompt;

    private async Task RefusedAsync(StatusCode status, byte[] content, string because)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => ImportAsync(Header("refused"), content));

        Assert.Equal(status, error.StatusCode);
        Assert.Contains(because, error.Status.Detail, StringComparison.Ordinal);
    }

    private async Task<Prompt> ImportAsync(ImportHeader header, byte[] content)
    {
        using var call = _client.ImportPrompt(cancellationToken: _ct);
        try
        {
            await call.RequestStream.WriteAsync(new() { Header = header }, _ct);
            foreach (var chunk in content.Chunk(1000))
                await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFrom(chunk) }, _ct);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The server has answered before it read everything: the answer tells why.
        }
        return (await call).Prompt;
    }

    private async Task<(ExportHeader Header, byte[] Content)> ExportAsync(string prompt, AdapterFormat format = AdapterFormat.Unspecified)
    {
        using var call = _client.ExportPrompt(new() { Prompt = prompt, Format = format }, cancellationToken: _ct);
        var parts = await call.ResponseStream.ReadAllAsync(_ct).ToListAsync(_ct);
        return (parts[0].Header, [.. parts.Skip(1).SelectMany(p => p.Chunk.ToByteArray())]);
    }

    private static ImportHeader Header(string prompt, Action<ImportHeader>? change = null)
    {
        var header = new ImportHeader { Model = ServerFixture.Model, Prompt = prompt };
        change?.Invoke(header);
        return header;
    }

    private static PeftAdapter Adapter(int rows) => new(
        new PeftPromptConfig(rows, FakeModels.HiddenSize, 1, 1, "somebody/model"),
        [.. Enumerable.Range(0, rows * FakeModels.HiddenSize).Select(i => (i * 0.1f) - 1)],
        SideFile: null);

    private static byte[] Zip(PeftAdapter adapter)
    {
        using var zip = new MemoryStream();
        PeftAdapterWriter.WriteZip(adapter, zip);
        return zip.ToArray();
    }

    private static byte[] Zip(params (string Name, string Content)[] files)
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var writer = new StreamWriter(archive.CreateEntry(name).Open());
                writer.Write(content);
            }
        }
        return zip.ToArray();
    }
}
