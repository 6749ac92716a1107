using SoftPromptGrpc.ModelFormats.Tokenizers;
using SoftPromptGrpc.Pretraining.Corpus;
using SoftPromptGrpc.Pretraining.Output;
using SoftPromptGrpc.Pretraining.Tokenizer;

namespace SoftPromptGrpc.Pretraining.Tests.Tokenizer;

public sealed class BpeTrainerTests
{
    private static readonly List<string> Texts =
        [.. new CorpusGenerator(Grammar.Shipped(), 1).Documents(Split.Training).Take(400).Select(d => d.Text)];

    [Fact]
    public void Train_MostFrequentPair_IsMergedFirst()
    {
        var vocabulary = BpeTrainer.Train(["abab abab ab xyz"], 260);

        Assert.Equal("ab", vocabulary.Tokens[258]);
    }

    [Fact]
    public void Train_SameTexts_GivesSameVocabulary() =>
        Assert.Equal(BpeTrainer.Train(Texts, 600).Tokens, BpeTrainer.Train(Texts, 600).Tokens);

    [Fact]
    public void Train_FewTexts_StopsWhenNoPairRepeats() => Assert.True(BpeTrainer.Train(["one two"], 1000).Tokens.Count < 300);

    [Fact]
    public void Write_ReadByTheTokenizer_RoundTripsAnyText()
    {
        using var directory = new TemporaryDirectory();
        TokenizerWriter.Write(BpeTrainer.Train(Texts, 600), 512, directory.Path);
        var tokenizer = HfTokenizer.Load(directory.Path)!;

        Assert.All(Texts.Append("Größe 漢字 🙂\r\n\t x"), text =>
        {
            var ids = tokenizer.Encode(text, addSpecialTokens: true);
            Assert.Equal(text, tokenizer.Decode(ids, skipSpecialTokens: false));
        });
        Assert.Equal(600, tokenizer.VocabularySize);
        Assert.Equal(BpeVocabulary.EndOfText, tokenizer.EndOfSequence);
    }

    [Fact]
    public void Write_ReadByTheTokenizer_UsesTheMerges()
    {
        using var directory = new TemporaryDirectory();
        TokenizerWriter.Write(BpeTrainer.Train(Texts, 600), 512, directory.Path);
        var tokenizer = HfTokenizer.Load(directory.Path)!;

        Assert.Single(tokenizer.Encode(" the", addSpecialTokens: false));
    }
}
