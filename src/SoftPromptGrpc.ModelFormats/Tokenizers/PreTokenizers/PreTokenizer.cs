using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

/// <param name="IsFirst">Whether it begins where the text that was encoded begins.</param>
internal readonly record struct Piece(string Text, bool IsFirst);

/// <summary>Cuts a piece into smaller ones, across which no token reaches. Immutable.</summary>
internal abstract class PreTokenizer
{
    public abstract void Split(Piece piece, List<Piece> pieces);

    public static PreTokenizer Create(TokenizerSection section) => section.Type switch
    {
        "Sequence" => new PreTokenizerSequence([.. section["pretokenizers"].Steps().Select(Create)]),
        "ByteLevel" => new ByteLevelPreTokenizer(section.FlagOr("add_prefix_space", true), section.FlagOr("use_regex", true)),
        "Split" => SplitPreTokenizer.Read(section),
        "Metaspace" => MetaspacePreTokenizer.Read(section),
        "WhitespaceSplit" => CharacterPreTokenizer.Whitespace,
        "Whitespace" => new WordPreTokenizer(),
        "BertPreTokenizer" => new PreTokenizerSequence(
            [CharacterPreTokenizer.Whitespace, new CharacterPreTokenizer(UnicodeText.IsPunctuation, SplitBehavior.Isolated)]),
        "Punctuation" => new CharacterPreTokenizer(
            UnicodeText.IsPunctuation,
            section.Find("behavior") is { } behavior ? SplitBehaviors.Read(behavior) : SplitBehavior.Isolated),
        "Digits" => new CharacterPreTokenizer(
            UnicodeText.IsNumber,
            section.FlagOr("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
        var other => throw section.Unsupported($"the pre-tokenizer \"{other}\""),
    };
}
