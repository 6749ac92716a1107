using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Pretraining.Corpus;

namespace SoftPromptGrpc.Pretraining.Training;

/// <summary>exp of the mean loss per token on documents that no training run sees.</summary>
internal static class Perplexity
{
    /// <summary>Keeps the measured documents apart from the corpus.</summary>
    private const long Seed = 1_000_003;

    private const int Tokens = 16 * 1024;

    /// <param name="split">
    /// New documents of the corpus' own patterns, or held-out ones, whose patterns and pairs of words are never trained on.
    /// </param>
    public static double Of(DecoderWeights weights, ITokenizer tokenizer, Split split)
    {
        var texts = new CorpusGenerator(Grammar.Shipped(), Seed).Documents(split).Select(d => d.Text);
        var packed = PackedTokens.Of(texts, text => tokenizer.Encode(text, addSpecialTokens: false), Tokens);
        return Math.Exp(PretrainingLoop.Evaluate(weights, packed, TinyEnglish.ContextLength));
    }
}
