using System.IO.Compression;
using System.Text;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;
using SoftPromptGrpc.ModelFormats.Safetensors;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Prompts;

/// <summary>Adapters that PEFT saved, imported and exported again.</summary>
public sealed class AdapterRoundTripTests : IDisposable
{
    private const string Config = "adapter_config.json";
    private const string Weights = "adapter_model.safetensors";
    private const string EncoderDecoder = PeftGoldens.EncoderDecoder;

    private readonly StoreFile _file = new();
    private readonly FakeCatalog _models;
    private readonly PromptStore _prompts;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public AdapterRoundTripTests()
    {
        var spec = FakeModels.Spec with { HiddenSize = 48, LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 4, HeadSize = 12 };
        _models = new FakeCatalog(FakeModels.Create("m") with { Spec = spec });
        _prompts = new PromptStore(_file.Open(), new TensorCache(0), Unlimited.Quotas, TimeProvider.System);
    }

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Import_ScaledLegacyGemma_MultipliesAndRecordsIt()
    {
        var gemma = FakeModels.Create("g") with { Spec = FakeModels.Spec with { HiddenSize = 2, EmbeddingScale = 3 } };
        using var npy = new MemoryStream();
        NpyPrompt.Write(new SoftPrompt(1, 2, [1, -0.5f], "print"), npy);
        var settings = new ImportSettings("", "p", Wire.AdapterFormat.Npy, new Dictionary<string, string>(), null)
        {
            ScaleLegacyGemma = true,
        };

        var imported = await new AdapterImport(new FakeCatalog(gemma), _prompts).ImportAsync(settings, npy.ToArray(), _ct);
        var error = await Assert.ThrowsAsync<SoftPromptException>(
            () => new AdapterImport(_models, _prompts).ImportAsync(settings, npy.ToArray(), _ct));

        var numbers = await _prompts.LoadAsync(imported, _ct);
        Assert.Equal([3, -1.5f], numbers.Values.ToArray());
        Assert.True(Lineages.Read(imported.Lineage).Imported.ScaledLegacyGemma);
        Assert.Equal("header.scale_legacy_gemma", Assert.Single(error.Violations).Field);
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task Export_OfAnImport_IsPeftsFilesToTheByte(string model, string adapter, string savedBy)
    {
        var files = Files(model, adapter, savedBy);
        var models = Load(model);

        var imported = await ImportAsync(models, Zip(files));
        var exported = Unzip(await ExportAsync(models, imported));

        Assert.Equal(Encoding.UTF8.GetString(files[Config]), Encoding.UTF8.GetString(exported[Config]));
        Assert.Equal(files[Weights], exported[Weights]);
        Assert.Equal(TextTemplate.None, imported.Template);
    }

    /// <summary>PEFT's rows for the decoder are never used: they are left out.</summary>
    [Theory]
    [MemberData(nameof(EncoderDecoderAdapters))]
    public async Task Export_OfAnEncoderDecodersRows_HasTheSameFieldsAndItsUsedRows(string adapter, string savedBy)
    {
        var files = Files(EncoderDecoder, adapter, savedBy);
        var original = PeftAdapterReader.ReadZip(Zip(files));
        var models = Load(EncoderDecoder);

        var exported = await ExportAsync(models, await ImportAsync(models, Zip(files)));

        Assert.Equal(original.Values, PeftAdapterReader.ReadZip(exported).Values);
        Assert.Equal(
            Encoding.UTF8.GetString(files[Config]).Replace(
                "\"num_transformer_submodules\": 2", "\"num_transformer_submodules\": 1", StringComparison.Ordinal),
            Encoding.UTF8.GetString(Unzip(exported)[Config]));
    }

    [Fact]
    public async Task Export_OfAMultitaskImport_HasEveryTaskAndServesTheSameOneAgain()
    {
        var original = Multitask();

        var imported = await ImportAsync(_models, Zip(original), task: 1);
        var exported = await ExportAsync(_models, imported);
        var (written, again) = (PeftAdapterReader.ReadZip(exported), await ImportAsync(_models, exported));
        var other = await ImportAsync(_models, exported, task: 0);

        Assert.Equal(original.Values, written.Values);
        Assert.Equal(original.Tasks!.Columns, written.Tasks!.Columns);
        Assert.Equal(original.Tasks.Rows, written.Tasks.Rows);
        Assert.Equal(("2", "3"), (written.Config.Fields["num_ranks"], written.Config.Fields["num_tasks"]));
        Assert.Equal(original.ToPrompt(imported.ModelFingerprint, 1).ContentHash, imported.ContentHash);
        Assert.Equal(imported.ContentHash, again.ContentHash);
        Assert.Equal(original.ToPrompt(imported.ModelFingerprint, 0).ContentHash, other.ContentHash);
        Assert.Equal(Unzip(exported)[Weights], Unzip(await ExportAsync(_models, again))[Weights]);
    }

    [Fact]
    public async Task Export_FieldsThatNoPeftWrites_StayInTheSideFileForGood()
    {
        var config = """
            {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 1, "prompt_tuning_init_text": "<é>", "from_the_future": [1,  {}]}
            """;
        var zip = Zip(new Dictionary<string, byte[]> { [Config] = Encoding.UTF8.GetBytes(config), [Weights] = OneRow() });

        var exported = await ExportAsync(_models, await ImportAsync(_models, zip));
        var again = await ImportAsync(_models, exported);

        var written = PeftAdapterReader.ReadZip(exported).Config;
        Assert.Empty(written.UnknownFields);
        Assert.Equal("\"<é>\"", written.Fields["prompt_tuning_init_text"]);
        Assert.Equal("[1,  {}]", ExtraFields.Read(Lineages.Read(again.Lineage).Imported.AdapterConfig)["from_the_future"]);
    }

    public static TheoryData<string, string, string> Adapters => new(
        from adapter in PeftGoldens.All
        where adapter.Model != EncoderDecoder || PeftMethods.Of(adapter.Name) is PrefixTuning
        from savedBy in PeftGoldens.Savers(adapter.Model, adapter.Name)
        select (adapter.Model, adapter.Name, savedBy));

    public static TheoryData<string, string> EncoderDecoderAdapters => new(
        from adapter in PeftGoldens.All
        where adapter.Model == EncoderDecoder && PeftMethods.Of(adapter.Name) is not PrefixTuning
        from savedBy in PeftGoldens.Savers(adapter.Model, adapter.Name)
        select (adapter.Name, savedBy));

    /// <summary>What that version of PEFT saved; of the newer one's tensors those that there are, the older one's otherwise.</summary>
    private static Dictionary<string, byte[]> Files(string model, string adapter, string savedBy) => new()
    {
        [Config] = File.ReadAllBytes(Goldens.File($"{PeftGoldens.FolderOf(model, adapter, savedBy)}/{Config}")),
        [Weights] = File.ReadAllBytes(Goldens.File(
            $"{PeftGoldens.FolderOf(model, adapter, adapter == "prompt_tuning_random" ? savedBy : PeftGoldens.Older)}/{Weights}")),
    };

    private static FakeCatalog Load(string name)
    {
        var model = Goldens.LoadModel(name);
        model.Weights.Dispose();
        return new FakeCatalog(model);
    }

    private Task<PromptRecord> ImportAsync(FakeCatalog models, ReadOnlyMemory<byte> zip, int? task = null) =>
        new AdapterImport(models, _prompts).ImportAsync(
            new ImportSettings("", "p", Wire.AdapterFormat.PeftZip, new Dictionary<string, string>(), null, task), zip, _ct);

    private async Task<ReadOnlyMemory<byte>> ExportAsync(FakeCatalog models, PromptRecord prompt) =>
        (await new AdapterExport(models, _prompts).ExportAsync(prompt.Reference, Wire.AdapterFormat.PeftZip, _ct)).Content;

    private static PeftAdapter Multitask()
    {
        var random = new SeededRandom(3);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
        return new PeftAdapter(
            new PeftPromptConfig(5, 48, 2, 4, null) { Method = PromptMethod.MultitaskPromptTuning }, Numbers(5 * 48), SideFile: null)
        {
            Tasks = new PeftTasks(3, 2, Numbers(3 * 5 * 2), Numbers(3 * 2 * 48)),
        };
    }

    private static byte[] OneRow()
    {
        using var weights = new MemoryStream();
        SafetensorsWriter.Write(weights, [new TensorToWrite("prompt_embeddings", [1, 48], new float[48])]);
        return weights.ToArray();
    }

    private static byte[] Zip(PeftAdapter adapter)
    {
        using var zip = new MemoryStream();
        PeftAdapterWriter.WriteZip(adapter, zip);
        return zip.ToArray();
    }

    private static byte[] Zip(Dictionary<string, byte[]> files)
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }
        return zip.ToArray();
    }

    private static Dictionary<string, byte[]> Unzip(ReadOnlyMemory<byte> zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip.ToArray()));
        return archive.Entries.ToDictionary(entry => entry.Name, entry =>
        {
            using var content = new MemoryStream();
            using var stream = entry.Open();
            stream.CopyTo(content);
            return content.ToArray();
        });
    }
}
