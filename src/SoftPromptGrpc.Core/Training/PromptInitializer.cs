using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training;

/// <summary>The prompt that a training begins with (Lester et al. 2021, section 3.2). The same seed gives the same prompt.</summary>
public sealed class PromptInitializer(BaseModel model, int virtualTokens, long seed)
{
    /// <summary>How many of the lowest ids count as the most common tokens.</summary>
    private const int CommonTokens = 5000;

    private const long SeedStream = -1;

    private readonly int _hiddenSize = model.Spec.EmbeddingSize;
    private readonly SeededRandom _random = SeededRandom.For(seed, SeedStream);

    /// <summary>The embeddings of a text's tokens, repeated to fill and cut to length, as PEFT does.</summary>
    /// <param name="tokens">At least one.</param>
    public SoftPrompt FromText(IReadOnlyList<int> tokens)
    {
        if (tokens.Count == 0)
            throw new SoftPromptException(ErrorKind.Invalid, "The text to begin with has no tokens.");
        return FromRows((row, target) => ReadEmbedding(tokens[row % tokens.Count], target));
    }

    /// <summary>Embeddings of distinct tokens, drawn uniformly from the most common ones.</summary>
    public SoftPrompt SampledVocabulary(Func<int, bool> isSpecial) => ClassLabels([], isSpecial);

    /// <summary>The tokens of <see cref="SampledVocabulary"/>, for methods that begin with what the model makes of them.</summary>
    public int[] SampledTokens(Func<int, bool> isSpecial)
    {
        var common = CommonIds(isSpecial);
        return [.. Enumerable.Range(0, virtualTokens).Select(i => common[i % common.Length])];
    }

    /// <summary>Each label's mean embedding, then sampled vocabulary for the rows that are left.</summary>
    /// <param name="labels">Token ids, none empty. Labels beyond the number of virtual tokens are left out.</param>
    public SoftPrompt ClassLabels(IReadOnlyList<int[]> labels, Func<int, bool> isSpecial)
    {
        var common = virtualTokens > labels.Count ? CommonIds(isSpecial) : [];
        return FromRows((row, target) =>
        {
            if (row < labels.Count)
                ReadMean(labels[row], target);
            else
                ReadEmbedding(common[(row - labels.Count) % common.Length], target);
        });
    }

    /// <summary>Uniform in [-0.5, 0.5).</summary>
    public SoftPrompt RandomUniform() => FromRows((_, target) =>
    {
        for (var i = 0; i < target.Length; i++)
            target[i] = (float)(_random.NextDouble() - 0.5);
    });

    /// <summary>An existing prompt of this model and this size.</summary>
    public SoftPrompt FromPrompt(SoftPrompt prompt)
    {
        if (prompt.ModelFingerprint != model.Fingerprint)
        {
            throw new SoftPromptException(
                ErrorKind.Precondition,
                $"The prompt was made for the model with fingerprint {prompt.ModelFingerprint}; '{model.Id}' has {model.Fingerprint}.");
        }
        if (prompt.VirtualTokens != virtualTokens || prompt.HiddenSize != _hiddenSize)
        {
            throw new SoftPromptException(
                ErrorKind.Invalid,
                $"The prompt is {prompt.VirtualTokens} virtual tokens of size {prompt.HiddenSize}, not {virtualTokens} of {_hiddenSize}.");
        }
        return prompt;
    }

    private SoftPrompt FromRows(FillRow fill)
    {
        var values = new float[virtualTokens * _hiddenSize];
        for (var row = 0; row < virtualTokens; row++)
            fill(row, values.AsSpan(row * _hiddenSize, _hiddenSize));
        return new SoftPrompt(virtualTokens, _hiddenSize, values, model.Fingerprint);
    }

    /// <summary>In random order.</summary>
    private int[] CommonIds(Func<int, bool> isSpecial)
    {
        var vocabulary = Math.Min(model.Spec.VocabularySize, model.Tokenizer?.VocabularySize ?? int.MaxValue);
        int[] ids = [.. Enumerable.Range(0, vocabulary).Where(id => !isSpecial(id)).Take(CommonTokens)];
        if (ids.Length == 0)
            throw new SoftPromptException(ErrorKind.Invalid, "The vocabulary has only special tokens: there is none to begin with.");
        _random.Shuffle(ids.AsSpan());
        return ids;
    }

    private void ReadEmbedding(int token, Span<float> target) => model.Weights.ReadToken(model.Spec, token, target);

    private void ReadMean(int[] tokens, Span<float> target)
    {
        var row = new float[_hiddenSize];
        foreach (var token in tokens)
        {
            ReadEmbedding(token, row);
            for (var i = 0; i < row.Length; i++)
                target[i] += row[i] / tokens.Length;
        }
    }

    private delegate void FillRow(int row, Span<float> target);
}
