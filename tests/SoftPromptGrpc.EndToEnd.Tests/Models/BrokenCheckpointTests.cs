using System.Buffers.Binary;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Models;

/// <summary>One server with broken checkpoints beside a good one: each says what is wrong with it, and the good one serves.</summary>
public sealed class BrokenCheckpointTests : IDisposable
{
    private const string Config = "config.json", Weights = "model.safetensors", Tokenizer = "tokenizer.json";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("softprompt-broken-");
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_BrokenCheckpoints_SayWhatIsWrongAndTheGoodOneServes()
    {
        (string Id, string Path, string Says)[] broken =
        [
            ("truncated", Copy("truncated", Weights, bytes => bytes[..^7]), "its tensors do not end"),
            ("huge-header", Copy("huge-header", Weights, HugeHeader), "header"),
            ("no-tokenizer", Copy("no-tokenizer", Tokenizer, _ => "[1, 2"u8.ToArray()), Tokenizer),
            ("no-config", Copy("no-config", Config, _ => "{"u8.ToArray()), Config),
            ("no-family", Copy("no-family", Config, _ => "{\"model_type\": \"perceptron\"}"u8.ToArray()), "perceptron"),
        ];
        (string Id, string Path)[] models = [("good", Copy("good", Weights, bytes => bytes)), .. broken.Select(b => (b.Id, b.Path))];
        await using var server = await ServerProcess.StartAsync(
            [.. models.SelectMany((model, i) => new[] { ($"Models:{i}:Id", model.Id), ($"Models:{i}:Path", model.Path) })]);
        var client = new ModelService.ModelServiceClient(server.Channel);

        var response = await new InferenceService.InferenceServiceClient(server.Channel).InferAsync(
            new() { Model = "good", Input = new() { TokenIds = new() { Ids = { 1 } } } }, cancellationToken: _ct);

        Assert.NotEmpty(response.Generation.TokenIds);
        foreach (var (id, _, says) in broken)
        {
            var model = (await client.GetModelAsync(new() { Model = id }, cancellationToken: _ct)).Model;
            Assert.Equal((id, ModelState.Failed), (model.Id, model.State));
            Assert.Contains(says, model.StateMessage, StringComparison.Ordinal);
            Assert.DoesNotContain(_folder.FullName, model.StateMessage, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A good checkpoint with one file replaced.</summary>
    private string Copy(string name, string file, Func<byte[], byte[]> replace)
    {
        var folder = _folder.CreateSubdirectory(name).FullName;
        foreach (var source in (string[])[Config, Weights])
            File.Copy(Path.Combine(Goldens.Directory("models/llama"), source), Path.Combine(folder, source));
        var path = Path.Combine(folder, file);
        File.WriteAllBytes(path, replace(File.Exists(path) ? File.ReadAllBytes(path) : []));
        return folder;
    }

    private static byte[] HugeHeader(byte[] file)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(file, 1UL << 60);
        return file;
    }
}
