using System.Buffers.Binary;
using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Prompts;

/// <summary>Adapters that are damaged or hostile: each gets its status, nothing is stored, and the server serves on.</summary>
public sealed class BadAdapterTests(RealServer server)
{
    private const string Config = "adapter_config.json", Weights = "adapter_model.safetensors";
    private static readonly string Golden = Goldens.Directory("peft/llama/prompt_tuning_random");
    private readonly PromptService.PromptServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<string, StatusCode, byte[]> Adapters { get; } = new()
    {
        { "no zip", StatusCode.InvalidArgument, [1, 2, 3] },
        { "a truncated tensor file", StatusCode.InvalidArgument, Zip((Config, Read(Config)), (Weights, Read(Weights)[..^7])) },
        { "a header of 2^60 bytes", StatusCode.InvalidArgument, Zip((Config, Read(Config)), (Weights, HugeHeader())) },
        { "a pickle", StatusCode.InvalidArgument, Zip((Config, Read(Config)), ("adapter_model.bin", [0x80, 2])) },
        { "a settings file of 300 MB in 300 kB", StatusCode.InvalidArgument, Zip((Config, new byte[300_000_000]), (Weights, Read(Weights))) },
        { "weights of 300 MB in 300 kB", StatusCode.InvalidArgument, Zip((Config, Read(Config)), (Weights, new byte[300_000_000])) },
    };

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task ImportPrompt_BadAdapter_GetsItsStatus(string what, StatusCode code, byte[] adapter)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => ImportAsync(adapter));
        var listed = await _client.ListPromptsAsync(new() { Filter = "name = \"bad-adapter\"" }, cancellationToken: _ct);

        Assert.True(code == error.StatusCode, $"{what}: {error.Status}");
        Assert.Empty(listed.Prompts);
        await server.AssertServesAsync();
    }

    private async Task ImportAsync(byte[] adapter)
    {
        using var call = _client.ImportPrompt(cancellationToken: _ct);
        await call.RequestStream.WriteAsync(
            new() { Header = new() { Model = RealServer.Llama, Prompt = "bad-adapter", Format = AdapterFormat.PeftZip } }, _ct);
        await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFrom(adapter) }, _ct);
        await call.RequestStream.CompleteAsync();
        await call;
    }

    private static byte[] Read(string file) => File.ReadAllBytes(Path.Combine(Golden, file));

    private static byte[] HugeHeader()
    {
        var file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, 1UL << 60);
        return file;
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] files)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.Fastest).Open();
                entry.Write(content);
            }
        }
        return bytes.ToArray();
    }
}
