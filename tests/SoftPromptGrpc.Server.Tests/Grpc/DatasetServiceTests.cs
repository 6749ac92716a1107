using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Grpc;

public sealed class DatasetServiceTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private readonly DatasetService.DatasetServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_Csv_CanBeFoundListedAndDeleted()
    {
        var uploaded = await UploadAsync(
            new() { Format = DatasetFormat.Csv, InputField = "text", TargetField = "label", DisplayName = "reviews", Model = ServerFixture.Model },
            "text,label\n\"good, really\",yes\nbad,no\n");

        var found = (await _client.GetDatasetAsync(new() { Dataset = uploaded.Id }, cancellationToken: _ct)).Dataset;
        Assert.Equal(uploaded, found);
        Assert.StartsWith("sha256:", uploaded.Id, StringComparison.Ordinal);
        Assert.Equal((2, 13, "reviews"), (found.Report.ExampleCount, found.Report.InputTokens.Max, found.DisplayName));
        Assert.Contains(found, (await _client.ListDatasetsAsync(new(), cancellationToken: _ct)).Datasets);
        await _client.DeleteDatasetAsync(new() { Dataset = uploaded.Id }, cancellationToken: _ct);
        var gone = await Assert.ThrowsAsync<RpcException>(() => _client.GetDatasetAsync(new() { Dataset = uploaded.Id }, cancellationToken: _ct).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Upload_BadRows_NamesThem()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(new() { Format = DatasetFormat.Jsonl }, "x\n{}\n"));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["rows[1]", "rows[2].input"], error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public async Task Upload_WrongHeader_NamesEveryField()
    {
        var header = new DatasetHeader { DisplayName = "a\0", InputField = "x", TargetField = "x", Sha256 = "zz", ResumeOffset = -1 };

        var error = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(header, ""));

        Assert.Equal(
            ["header.format", "header.display_name", "header.target_field", "header.sha256", "header.resume_offset"],
            error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public async Task Upload_OffsetThatIsALie_NamesTheRightOne()
    {
        var header = new DatasetHeader { Format = DatasetFormat.Jsonl, Sha256 = new string('a', 64), ResumeOffset = 7 };

        var error = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(header, ""));

        Assert.Equal(StatusCode.Aborted, error.StatusCode);
        Assert.Equal("0", error.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Metadata["resume_offset"]);
    }

    [Fact]
    public async Task List_PageOfAnotherList_IsInvalid()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() =>
            _client.ListDatasetsAsync(new() { PageSize = -1, PageToken = "x" }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(["page_size", "page_token"], error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations.Select(v => v.Field));
    }

    private async Task<Dataset> UploadAsync(DatasetHeader header, string content)
    {
        using var call = _client.UploadDataset(cancellationToken: _ct);
        try
        {
            await call.RequestStream.WriteAsync(new() { Header = header }, _ct);
            await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFromUtf8(content) }, _ct);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The server has answered before it read everything: the answer tells why.
        }
        return (await call).Dataset;
    }
}
