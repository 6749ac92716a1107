using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.EndToEnd.Tests.Datasets;

public sealed class DatasetTests(RealServer server)
{
    private const int ChunkBytes = 1 << 20;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_AfterItsClientDied_SendsTheRestAndTrainsOnIt()
    {
        var content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 90_000).Select(i => $$"""{"input":[{{i % 300}},{{i % 7}}],"target":[5]}""" + "\n")));
        await AbandonAsync(content);
        await using var client = new SoftPromptClient(server.Channel, new SoftPromptClientOptions());
        using var stream = new CountingStream(content);

        var dataset = await client.UploadDatasetAsync(
            new() { Format = DatasetFormat.Jsonl, DisplayName = "rest", Model = RealServer.Llama }, stream, _ct);
        var again = await client.UploadDatasetAsync(new() { Format = DatasetFormat.Jsonl }, new MemoryStream(content), _ct);

        Assert.Equal((90_000, content.Length), (dataset.Report.ExampleCount, dataset.SizeBytes));
        Assert.Equal(dataset, again);
        Assert.InRange(stream.BytesRead - content.Length, 1, content.Length - ChunkBytes); // Once for the hash, and the rest.
        var spec = new TrainingSpec { Model = RealServer.Llama, Prompt = "of-a-dataset", VirtualTokens = 2, Steps = 1, Dataset = dataset.Id };
        spec.Evaluation = new() { SplitRatio = 0 };
        var last = await client.TrainAsync(spec, _ct).LastAsync(_ct);
        Assert.Equal("of-a-dataset@1", last.Result.Prompt);
        await client.DeleteDatasetAsync(dataset.Id, _ct);
        Assert.DoesNotContain(dataset.Id, await client.ListDatasetsAsync(_ct).Select(d => d.Id).ToListAsync(_ct));
    }

    /// <summary>More than a chunk arrives, and then the client is gone.</summary>
    private async Task AbandonAsync(byte[] content)
    {
        var service = new DatasetService.DatasetServiceClient(server.Channel);
        using var call = service.UploadDataset(cancellationToken: _ct);
        var header = new DatasetHeader { Format = DatasetFormat.Jsonl, Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) };
        await call.RequestStream.WriteAsync(new() { Header = header }, _ct);
        await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFrom(content, 0, ChunkBytes) }, _ct);
        await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFrom(content, ChunkBytes, 1000) }, _ct);
        call.Dispose();
        // The server stores what it got when it sees the client leave: an offset that is a lie asks for it.
        for (var stored = 0L; stored < ChunkBytes;)
            stored = await StoredAsync(service, header);
    }

    private async Task<long> StoredAsync(DatasetService.DatasetServiceClient service, DatasetHeader header)
    {
        using var call = service.UploadDataset(cancellationToken: _ct);
        await call.RequestStream.WriteAsync(new() { Header = new(header) { ResumeOffset = long.MaxValue } }, _ct);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Aborted, error.StatusCode);
        return long.Parse(error.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>().Metadata["resume_offset"], System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class CountingStream(byte[] content) : MemoryStream(content)
    {
        public long BytesRead { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await base.ReadAsync(buffer, cancellationToken);
            BytesRead += count;
            return count;
        }
    }
}
