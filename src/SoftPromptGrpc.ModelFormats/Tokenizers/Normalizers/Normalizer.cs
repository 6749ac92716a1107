using System.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;

/// <summary>Rewrites a text before it is cut into pieces. Immutable.</summary>
internal abstract class Normalizer
{
    /// <param name="text">Well formed, and so is the result.</param>
    public abstract string Apply(string text);

    public static Normalizer Create(TokenizerSection section) => section.Type switch
    {
        "Sequence" => new NormalizerSequence([.. section["normalizers"].Steps().Select(Create)]),
        "NFC" => new UnicodeFormNormalizer(NormalizationForm.FormC),
        "NFD" => new UnicodeFormNormalizer(NormalizationForm.FormD),
        "NFKC" => new UnicodeFormNormalizer(NormalizationForm.FormKC),
        "NFKD" => new UnicodeFormNormalizer(NormalizationForm.FormKD),
        "Lowercase" => new LowercaseNormalizer(),
        "StripAccents" => new StripAccentsNormalizer(),
        "Strip" => new StripNormalizer(section["strip_left"].Flag, section["strip_right"].Flag),
        "Prepend" => new PrependNormalizer(section["prepend"].Text),
        "Replace" => ReplaceNormalizer.Read(section),
        "Precompiled" => PrecompiledNormalizer.Read(section["precompiled_charsmap"]),
        "BertNormalizer" => BertNormalizer.Read(section),
        var other => throw section.Unsupported($"the normalizer \"{other}\""),
    };
}
