using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Tests.Models;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Core.Tests.Training;

public sealed class PromptInitializerTests
{
    private const int HiddenSize = 2;

    [Fact]
    public void FromText_FewerTokensThanRows_Repeats() =>
        Assert.Equal([7, 8, 9, 7, 8], Tokens(Initializer(5).FromText([7, 8, 9])));

    [Fact]
    public void FromText_MoreTokensThanRows_Cuts() =>
        Assert.Equal([7, 8], Tokens(Initializer(2).FromText([7, 8, 9])));

    [Fact]
    public void FromText_NoTokens_IsInvalid() =>
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SoftPromptException>(() => Initializer(2).FromText([])).Kind);

    [Fact]
    public void SampledVocabulary_LargeVocabulary_DrawsDistinctCommonTokens()
    {
        var tokens = Tokens(Initializer(100).SampledVocabulary(id => id < 10));

        Assert.Equal(100, tokens.Distinct().Count());
        Assert.All(tokens, token => Assert.InRange(token, 10, 5009));
        Assert.Contains(tokens, token => token > 2500);
    }

    [Fact]
    public void SampledVocabulary_SameSeed_SamePrompt()
    {
        var prompt = Initializer(20, seed: 5).SampledVocabulary(_ => false);

        Assert.Equal(prompt.ContentHash, Initializer(20, seed: 5).SampledVocabulary(_ => false).ContentHash);
        Assert.NotEqual(prompt.ContentHash, Initializer(20, seed: 6).SampledVocabulary(_ => false).ContentHash);
    }

    [Fact]
    public void SampledVocabulary_MoreRowsThanTokens_Repeats()
    {
        var tokens = Tokens(Initializer(9, vocabularySize: 4).SampledVocabulary(_ => false));

        Assert.Equal([0, 1, 2, 3], tokens.Distinct().Order());
    }

    [Fact]
    public void ClassLabels_FewerLabelsThanRows_MeansThenSamples()
    {
        var tokens = Tokens(Initializer(4).ClassLabels([[10, 20], [5]], id => id < 100));

        Assert.Equal([15, 5], tokens[..2]);
        Assert.All(tokens[2..], token => Assert.InRange(token, 100, 5099));
    }

    [Fact]
    public void ClassLabels_MoreLabelsThanRows_TakesTheFirst() =>
        Assert.Equal([1, 2], Tokens(Initializer(2).ClassLabels([[1], [2], [3]], _ => false)));

    [Fact]
    public void RandomUniform_ManyValues_AreUniformAroundZero()
    {
        var values = Initializer(5_000).RandomUniform().Values.ToArray();

        Assert.All(values, value => Assert.InRange(value, -0.5f, 0.5f));
        Assert.InRange(values.Average(), -0.02, 0.02);
        Assert.InRange(values.Average(value => value * value), 1 / 12.0 - 0.005, 1 / 12.0 + 0.005);
    }

    [Fact]
    public void FromPrompt_SameModelAndSize_IsThePrompt()
    {
        var prompt = new SoftPrompt(3, HiddenSize, new float[6], "print");

        Assert.Same(prompt, Initializer(3).FromPrompt(prompt));
    }

    [Theory]
    [InlineData(2, HiddenSize, "print", ErrorKind.Invalid)]
    [InlineData(3, HiddenSize + 1, "print", ErrorKind.Invalid)]
    [InlineData(3, HiddenSize, "other", ErrorKind.Precondition)]
    public void FromPrompt_OtherModelOrSize_IsRefused(int virtualTokens, int hiddenSize, string fingerprint, ErrorKind expected)
    {
        var prompt = new SoftPrompt(virtualTokens, hiddenSize, new float[virtualTokens * hiddenSize], fingerprint);

        Assert.Equal(expected, Assert.Throws<SoftPromptException>(() => Initializer(3).FromPrompt(prompt)).Kind);
    }

    private static PromptInitializer Initializer(int virtualTokens, long seed = 1, int vocabularySize = 6_000) =>
        new(Model(vocabularySize), virtualTokens, seed);

    /// <summary>The tokens whose embeddings the rows are: a token's embedding is its id and the negative of it.</summary>
    private static int[] Tokens(SoftPrompt prompt)
    {
        var values = prompt.Values.ToArray();
        Assert.All(values.Chunk(HiddenSize), row => Assert.Equal(-row[0], row[1]));
        return [.. values.Chunk(HiddenSize).Select(row => (int)row[0])];
    }

    private static BaseModel Model(int vocabularySize) => new(
        "model",
        "print",
        SmallSpec.Value with { VocabularySize = vocabularySize, HiddenSize = HiddenSize },
        new CountingWeights(vocabularySize),
        Tokenizer: null,
        new GenerationDefaults(null, [], null),
        ParameterCount: 0);

    private sealed class CountingWeights(int vocabularySize) : IModelWeights
    {
        public IReadOnlyList<int> Shape(string name) => [vocabularySize, HiddenSize];

        public void Read(string name, Span<float> destination) => throw new NotSupportedException();

        public void ReadRow(string name, int row, Span<float> destination)
        {
            Assert.Equal(DecoderTensors.TokenEmbedding, name);
            Assert.InRange(row, 0, vocabularySize - 1);
            (destination[0], destination[1]) = (row, -row);
        }

        public void Dispose()
        {
        }
    }
}
