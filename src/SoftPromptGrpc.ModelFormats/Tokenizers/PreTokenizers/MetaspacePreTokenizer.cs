using System.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

internal enum PrependScheme
{
    Never,
    First,
    Always,
}

/// <summary>SentencePiece's way: spaces become a visible character, which begins each word.</summary>
internal sealed class MetaspacePreTokenizer(char replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly CharacterPreTokenizer _words = new(rune => rune == new Rune(replacement), SplitBehavior.MergedWithNext);

    public static MetaspacePreTokenizer Read(TokenizerSection section) =>
        new(section["replacement"].Character, ReadScheme(section), section.FlagOr("split", true));

    /// <summary>The decoder of the same name has it too. Older files say add_prefix_space instead.</summary>
    public static PrependScheme ReadScheme(TokenizerSection section) => section.Find("prepend_scheme") is { } scheme
        ? scheme.Text switch
        {
            "never" => PrependScheme.Never,
            "first" => PrependScheme.First,
            "always" => PrependScheme.Always,
            var other => throw scheme.Unsupported($"\"{other}\""),
        }
        : section.FlagOr("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;

    public override void Split(Piece piece, List<Piece> pieces)
    {
        var text = piece.Text.Replace(' ', replacement);
        if (Prepends(piece.IsFirst) && !text.StartsWith(replacement))
            text = replacement + text;
        var marked = new Piece(text, piece.IsFirst);
        if (split)
            _words.Split(marked, pieces);
        else if (text.Length > 0)
            pieces.Add(marked);
    }

    private bool Prepends(bool isFirst) => scheme switch
    {
        PrependScheme.Never => false,
        PrependScheme.First => isFirst,
        PrependScheme.Always => true,
    };
}
