using System.Globalization;
using System.Text.RegularExpressions;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats;
using SoftPromptGrpc.Pretraining.Corpus;
using SoftPromptGrpc.Pretraining.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Pretraining.Tests.Training;

public sealed partial class ShippedModelTests
{
    [Fact]
    public void Weights_Files_AreSmallAndOfTheStatedSize()
    {
        var model = ModelLoader.Load("tiny-english", ShippedModel.Directory);
        using var weights = model.Weights;

        Assert.InRange(model.ParameterCount, 2_000_000, 5_000_000);
        Assert.Equal(TinyEnglish.Spec(TinyEnglish.VocabularySize), model.Spec);
        Assert.InRange(Directory.GetFiles(ShippedModel.Directory).Sum(f => new FileInfo(f).Length), 1, 10_000_000);
    }

    [Theory]
    [InlineData("new documents", Split.Training)]
    [InlineData("held-out documents", Split.HeldOut)]
    public void Perplexity_Measured_IsAsTheCardSays(string row, object split)
    {
        var model = ModelLoader.Load("tiny-english", ShippedModel.Directory);
        using var checkpoint = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, checkpoint, CPU);

        var measured = Perplexity.Of(weights, model.Tokenizer!, (Split)split);

        Assert.Equal(1, measured / Stated(row), 0.02);
    }

    private static double Stated(string row)
    {
        var card = File.ReadAllText(Path.Combine(ShippedModel.Directory, "README.md"));
        var match = Figure().Matches(card).Single(m => m.Groups[1].Value == row);
        return double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^\| perplexity, ([a-z -]+) \| ([0-9.]+)", RegexOptions.Multiline)]
    private static partial Regex Figure();
}
