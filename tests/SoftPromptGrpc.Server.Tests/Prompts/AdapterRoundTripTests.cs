using System.IO.Compression;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Prompts;

/// <summary>Adapters that PEFT saved, imported and exported again.</summary>
public sealed class AdapterRoundTripTests : IDisposable
{
    private readonly StoreFile _file = new();
    private readonly FakeCatalog _models;
    private readonly PromptStore _prompts;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public AdapterRoundTripTests()
    {
        var spec = FakeModels.Spec with { HiddenSize = 48, LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 4, HeadSize = 12 };
        _models = new FakeCatalog(FakeModels.Create("m") with { Spec = spec });
        _prompts = new PromptStore(_file.Open(), new TensorCache(0), TimeProvider.System);
    }

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Import_ScaledLegacyGemma_MultipliesAndRecordsIt()
    {
        var gemma = FakeModels.Create("g") with { Spec = FakeModels.Spec with { HiddenSize = 2, EmbeddingScale = 3 } };
        using var npy = new MemoryStream();
        NpyPrompt.Write(new SoftPrompt(1, 2, [1, -0.5f], "print"), npy);
        var settings = new ImportSettings("", "p", Wire.AdapterFormat.Npy, new Dictionary<string, string>(), null) { ScaleLegacyGemma = true };

        var imported = await new AdapterImport(new FakeCatalog(gemma), _prompts).ImportAsync(settings, npy.ToArray(), _ct);
        var error = await Assert.ThrowsAsync<SoftPromptException>(
            () => new AdapterImport(_models, _prompts).ImportAsync(settings, npy.ToArray(), _ct));

        var numbers = await _prompts.LoadAsync(imported, _ct);
        Assert.Equal([3, -1.5f], numbers.Values.ToArray());
        Assert.True(Lineages.Read(imported.Lineage).Imported.ScaledLegacyGemma);
        Assert.Equal("header.scale_legacy_gemma", Assert.Single(error.Violations).Field);
    }

    [Theory]
    [InlineData("gpt2/prompt_tuning_random")]
    [InlineData("gpt2/prompt_tuning_text_long")]
    [InlineData("gpt2/prompt_tuning_text_short")]
    [InlineData("gpt2/p_tuning_lstm")]
    [InlineData("gpt2/prefix_tuning")]
    [InlineData("gpt2/prefix_tuning_projection")]
    [InlineData("llama/prompt_tuning_random")]
    [InlineData("llama/prompt_tuning_text_long")]
    [InlineData("llama/prompt_tuning_text_short")]
    public async Task Export_OfAnImport_HasPeftsNumbersAndFields(string name)
    {
        var directory = Goldens.Directory($"peft/{name}");
        var original = PeftAdapterReader.ReadDirectory(directory);
        using var zip = new MemoryStream();
        await ZipFile.CreateFromDirectoryAsync(directory, zip, _ct);

        var settings = new ImportSettings("", "p", Wire.AdapterFormat.PeftZip, new Dictionary<string, string>(), null);
        var imported = await new AdapterImport(_models, _prompts).ImportAsync(settings, zip.ToArray(), _ct);
        var exported = await new AdapterExport(_models, _prompts).ExportAsync(imported.Reference, Wire.AdapterFormat.PeftZip, _ct);
        var again = PeftAdapterReader.ReadZip(exported.Content);

        Assert.Equal(original.Values, again.Values);
        Assert.Equal(original.Config.Method, again.Config.Method);
        Assert.Equal(
            original.ToPrompt(imported.ModelFingerprint).ContentHash, (await _prompts.LoadAsync(imported, _ct)).ContentHash);
        Assert.Equal(
            (original.Config.VirtualTokens, 48, 2, 4, original.Config.BaseModelName),
            (again.Config.VirtualTokens, again.Config.HiddenSize, again.Config.LayerCount, again.Config.HeadCount, again.Config.BaseModelName));
        Assert.Equal(TextTemplate.None, imported.Template);
    }
}
