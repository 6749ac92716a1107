using SoftPromptGrpc.Conformance.Training;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>No golden file lies there unread. Those of tokenizers have a test of their own, beside their tests.</summary>
public sealed class GoldenListingTests
{
    /// <summary>What is about the figures, and has none that could be compared.</summary>
    private static readonly string[] Explanations = ["README.md", "crosscheck_transformers5.json"];

    private static readonly string[] SingleFiles = ["variants/goldens.json", "models_v5/gemma_soft_prompt_v5.json"];

    private static IEnumerable<string> Models =>
        from model in (IEnumerable<string>)
            [.. Names(CausalModels.Complete), .. Names(CausalModels.Variants), .. Names(CausalModels.HalfPrecision)]
        select CausalModels.GoldenFolderOf(model);

    private static IEnumerable<string> EncoderDecoders => Names(EncoderDecoderGoldens.All).Select(model => $"models/{model}");

    private static IEnumerable<string> Adapters =>
        from adapter in PeftGoldens.All
        from savedBy in PeftGoldens.Savers(adapter.Model, adapter.Name)
        select PeftGoldens.FolderOf(adapter.Model, adapter.Name, savedBy);

    private static IEnumerable<string> Runs =>
        from run in GoldenRun.Steady.Concat(GoldenRun.Forked)
        from extension in (string[])["json", "safetensors"]
        select $"training/{run.Data.Item1}/{run.Data.Item2}.{extension}";

    [Fact]
    public void Goldens_OfModelsAdaptersAndTrainings_AreAllRead()
    {
        var (unread, missing) = GoldenListing.Compare(
            [.. Explanations, .. SingleFiles, .. Models, .. EncoderDecoders, .. Adapters, PeftGoldens.PickledFolder, .. Runs],
            folder => !folder.StartsWith("tokenizers", StringComparison.Ordinal));

        Assert.Empty(unread);
        Assert.Empty(missing);
    }

    [Fact]
    public void Readme_CountsOfWhatIsProven_AreTrue()
    {
        var readme = File.ReadAllText(Path.Combine(Goldens.Repository, "README.md"));
        var families = Names(CausalModels.Complete)
            .Select(model => Goldens.Json($"{CausalModels.GoldenFolderOf(model)}/config.json").GetProperty("model_type").GetString());

        Assert.Contains(
            $"{CausalModels.Complete.Count} checkpoints of {families.Distinct().Count()} decoder families", readme, StringComparison.Ordinal);
        Assert.Contains($"{GoldenRun.Steady.Count + GoldenRun.Forked.Count} training runs of 60 steps", readme, StringComparison.Ordinal);
        Assert.Contains($"{PeftGoldens.All.Count()} adapters", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void Variants_OfTheGoldens_AreTakenForWhatTheyAre()
    {
        foreach (var variant in Goldens.Json("variants/goldens.json").GetProperty("variants").EnumerateObject())
        {
            if (variant.Value.TryGetProperty("same_logits_as", out var original))
                Assert.Equal(original.GetString(), CausalModels.OriginalOf(variant.Name));
            else
                Assert.True(CausalModels.IsHalfPrecision(variant.Name), variant.Name);
        }
    }

    private static IEnumerable<string> Names(TheoryData<string> names) => names.Select(row => row.Data);
}
