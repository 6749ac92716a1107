using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Inference;

/// <summary>Prompts that PEFT trained, imported and served.</summary>
public sealed class SoftPromptInferenceTests(RealServer server)
{
    private readonly InferenceService.InferenceServiceClient _inference = new(server.Channel);
    private readonly PromptService.PromptServiceClient _prompts = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Adapters => new(
        from adapter in PeftGoldens.All
        from backend in (string[])["onnxruntime", "torch"]
        select (adapter.Model, adapter.Name, backend));

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task Infer_ThroughAnImportedAdapter_GivesPeftsTokens(string model, string adapter, string backend)
    {
        var prompt = await ImportAsync(model, $"peft-{model}-{adapter}-{backend}", adapter);
        var golden = new PeftGoldens(model, adapter);
        var request = new InferRequest
        {
            Prompt = prompt,
            Backend = backend,
            Input = new() { TokenIds = new() { Ids = { golden.StartIds.Select(id => (uint)id) } } },
            Generation = new() { MaxNewTokens = 12, IgnoreEndOfSequence = true },
        };

        var answer = (await _inference.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Equal(golden.Recomputed.Select(id => (uint)id), answer.TokenIds);
        Assert.Equal((model, $"{prompt}@1"), (answer.Usage.Model, answer.Usage.Prompt));
        Assert.Equal(PeftGoldens.VirtualTokens, answer.Usage.SoftPromptTokens);
    }

    [Fact]
    public async Task BatchInfer_RowsWithAndWithoutPrompts_EachGetsWhatItGetsAlone()
    {
        var prompt = await ImportAsync(RealServer.Llama, "peft-mixed");
        InferRequest[] requests = [.. Enumerable.Range(1, 12).Select(i => new InferRequest
        {
            Model = RealServer.Llama,
            Prompt = i % 2 == 0 ? prompt : "",
            Input = new() { TokenIds = new() { Ids = { Enumerable.Range(i, i).Select(id => (uint)id) } } },
            Generation = new() { MaxNewTokens = 10, IgnoreEndOfSequence = true },
        })];
        var alone = new List<string>();
        foreach (var request in requests)
            alone.Add((await _inference.InferAsync(request, cancellationToken: _ct)).Generation.TokenIds.ToString());

        var together = await _inference.BatchInferAsync(new() { Requests = { requests } }, cancellationToken: _ct);

        Assert.Equal(alone, together.Rows.Select(row => row.Generation.TokenIds.ToString()));
    }

    [Fact]
    public async Task Infer_PromptOnAnotherModel_IsRefusedNamingBothFingerprints()
    {
        var prompt = await ImportAsync(RealServer.Llama, "peft-other");
        var models = new ModelService.ModelServiceClient(server.Channel);
        var (mine, other) = (
            await models.GetModelAsync(new() { Model = RealServer.Llama }, cancellationToken: _ct),
            await models.GetModelAsync(new() { Model = RealServer.Gpt2 }, cancellationToken: _ct));

        var error = await Assert.ThrowsAsync<RpcException>(() => _inference.InferAsync(
            new() { Model = RealServer.Gpt2, Prompt = prompt, Input = new() { Text = "a" } }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains(mine.Model.Fingerprint, error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(other.Model.Fingerprint, error.Status.Detail, StringComparison.Ordinal);
    }

    private async Task<string> ImportAsync(string model, string name, string adapter = "prompt_tuning_random")
    {
        using var call = _prompts.ImportPrompt(cancellationToken: _ct);
        await call.RequestStream.WriteAsync(new() { Header = new() { Model = model, Prompt = name } }, _ct);
        await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFrom(Zip($"peft/{model}/{adapter}")) }, _ct);
        await call.RequestStream.CompleteAsync();
        return (await call.ResponseAsync).Prompt.Name;
    }

    private static byte[] Zip(string adapter)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var file in new[] { "adapter_config.json", "adapter_model.safetensors" })
                zip.CreateEntryFromFile(Goldens.File($"{adapter}/{file}"), file);
        }
        return bytes.ToArray();
    }
}
