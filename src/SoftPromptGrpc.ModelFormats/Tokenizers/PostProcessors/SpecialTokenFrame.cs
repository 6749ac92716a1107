namespace SoftPromptGrpc.ModelFormats.Tokenizers.PostProcessors;

/// <summary>The ids that a post-processor puts around a single sequence.</summary>
internal sealed record SpecialTokenFrame(int[] Before, int[] After)
{
    public static readonly SpecialTokenFrame None = new([], []);

    public static SpecialTokenFrame Read(TokenizerSection section) => section.Type switch
    {
        "ByteLevel" => None, // It moves offsets, not tokens.
        "Sequence" => section["processors"].Steps().Select(Read).Aggregate(None, (inner, outer) => outer.Around(inner)),
        "TemplateProcessing" => ReadTemplate(section),
        "BertProcessing" or "RobertaProcessing" => new([section["cls"][1].Id], [section["sep"][1].Id]),
        var other => throw section.Unsupported($"the post-processor \"{other}\""),
    };

    private SpecialTokenFrame Around(SpecialTokenFrame inner) => new([.. Before, .. inner.Before], [.. inner.After, .. After]);

    private static SpecialTokenFrame ReadTemplate(TokenizerSection section)
    {
        var special = section["special_tokens"];
        var (before, after) = (new List<int>(), new List<int>());
        var sequences = 0;
        foreach (var part in section["single"].Steps())
        {
            if (part.Find("Sequence") is not null)
                sequences++;
            else
                (sequences == 0 ? before : after).AddRange(special[part["SpecialToken"]["id"].Text]["ids"].Items().Select(id => id.Id));
        }
        return sequences == 1 ? new([.. before], [.. after]) : throw section.Unsupported($"a template with {sequences} sequences");
    }
}
