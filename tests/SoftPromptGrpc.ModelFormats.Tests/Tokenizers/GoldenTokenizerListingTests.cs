using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.ModelFormats.Tests.Tokenizers;

/// <summary>No golden file of a tokenizer lies there unread.</summary>
public sealed class GoldenTokenizerListingTests
{
    /// <summary>
    /// What no test can read: results of tokenizers whose vocabularies are not free, and the sentencepiece models that other files were
    /// made from.
    /// </summary>
    private static readonly string[] WithoutTokenizer =
    [
        "tokenizers_real/README.md", "tokenizers_real/ids-only", "tokenizers_real/selfmade/albertlike.model",
        "tokenizers_real/selfmade/llamalike.model", "tokenizers_real/selfmade/t5like.model",
    ];

    [Fact]
    public void Goldens_OfTokenizers_AreAllRead()
    {
        var (unread, missing) = GoldenListing.Compare(
            [
                .. GoldenTokenizer.Styles.Select(style => $"tokenizers/{style}"),
                .. GoldenTokenizer.Whole.Select(name => $"tokenizers_real/{name}"),
                "tokenizers_real/strings.json",
                .. WithoutTokenizer,
            ],
            folder => folder.StartsWith("tokenizers", StringComparison.Ordinal));

        Assert.Empty(unread);
        Assert.Empty(missing);
    }
}
