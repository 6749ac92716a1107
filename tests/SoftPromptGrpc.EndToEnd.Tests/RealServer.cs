using Grpc.Health.V1;
using Grpc.Net.Client;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.EndToEnd.Tests;
using SoftPromptGrpc.Fixtures;

[assembly: AssemblyFixture(typeof(RealServer))]

namespace SoftPromptGrpc.EndToEnd.Tests;

/// <summary>One server for all tests, with both backends over real checkpoints.</summary>
public sealed class RealServer : IAsyncLifetime
{
    /// <summary>Token ids only.</summary>
    public const string Llama = "llama";

    /// <summary>An encoder-decoder; token ids only.</summary>
    public const string T5 = "t5_v1_0";

    /// <inheritdoc cref="T5"/>
    public const string Bart = "bart";

    /// <summary>With a tokenizer.</summary>
    public const string Gpt2 = "gpt2";

    /// <summary>Trained, and writes simple stories; only beside the repository (<see cref="RequireStories"/>).</summary>
    public const string Stories = "stories260K";

    private readonly DirectoryInfo _gpt2 = Directory.CreateTempSubdirectory("softprompt-gpt2-");
    private ServerProcess? _process;

    public ServerProcess Process => _process!;

    public GrpcChannel Channel => Process.Channel;

    public async ValueTask InitializeAsync()
    {
        foreach (var file in Directory.EnumerateFiles(Goldens.Directory("models/gpt2"))
            .Concat(Directory.EnumerateFiles(Goldens.Directory("tokenizers/gpt2_style_320"))))
        {
            File.Copy(file, Path.Combine(_gpt2.FullName, Path.GetFileName(file)), overwrite: true);
        }
        List<(string Id, string Path)> models =
        [
            (Llama, Goldens.Directory("models/llama")), (Gpt2, _gpt2.FullName),
            (T5, Goldens.Directory("models/t5_v1_0")), (Bart, Goldens.Directory("models/bart")),
        ];
        if (StoriesDirectory is { } stories)
            models.Add((Stories, stories));
        _process = await ServerProcess.StartAsync(
            [.. models.SelectMany((model, i) => new[] { ($"Models:{i}:Id", model.Id), ($"Models:{i}:Path", model.Path) })]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _gpt2.Delete(recursive: true);
    }

    /// <summary>It is healthy and answers.</summary>
    public async Task AssertServesAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var health = await new Health.HealthClient(Channel).CheckAsync(new(), cancellationToken: cancellationToken);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        var input = new Content { TokenIds = new() { Ids = { 5 } } };
        await new InferenceService.InferenceServiceClient(Channel).InferAsync(
            new() { Model = Gpt2, Input = input, Generation = new() { MaxNewTokens = 2 } }, cancellationToken: cancellationToken);
    }

    /// <summary>Skips the test where the model is absent.</summary>
    public static void RequireStories() => _ = Goldens.Stories260K;

    private static string? StoriesDirectory => Goldens.FindSharedDirectory("models/stories260K");
}
