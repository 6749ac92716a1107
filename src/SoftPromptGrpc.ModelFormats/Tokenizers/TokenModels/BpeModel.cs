using System.Runtime.InteropServices;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>Byte-pair encoding: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", 2016.</summary>
internal sealed class BpeModel : TokenModel
{
    private readonly BpeMerges _merges;
    private readonly PieceCache _cache = new();
    private readonly ByteTokens? _bytes;
    private readonly int? _unknown;
    private readonly bool _fusesUnknown;
    private readonly bool _ignoresMerges;
    private readonly string _continuingPrefix;
    private readonly string _wordSuffix;

    private BpeModel(TokenizerSection section, Vocabulary vocabulary)
        : base(vocabulary)
    {
        if (section.Find("dropout") is { } dropout && dropout.Number != 0)
            throw dropout.Unsupported("random dropout");
        _continuingPrefix = section.Find("continuing_subword_prefix")?.Text ?? "";
        _wordSuffix = section.Find("end_of_word_suffix")?.Text ?? "";
        _fusesUnknown = section.FlagOr("fuse_unk", false);
        _ignoresMerges = section.FlagOr("ignore_merges", false);
        _bytes = section.FlagOr("byte_fallback", false) ? new ByteTokens(vocabulary) : null;
        _unknown = section.Find("unk_token") is { } unknown ? vocabulary.Require(unknown, unknown.Text) : null;
        _merges = BpeMerges.Read(section["merges"], vocabulary, _continuingPrefix);
    }

    public static BpeModel Read(TokenizerSection section) => new(section, Vocabulary.Read(section["vocab"]));

    public override void Encode(string piece, List<int> ids)
    {
        if (_ignoresMerges && Vocabulary.Find(piece) is { } whole)
        {
            ids.Add(whole);
        }
        else if (_cache.TryGet(piece, out var known))
        {
            ids.AddRange(known);
        }
        else
        {
            var merged = _merges.Apply(CollectionsMarshal.AsSpan(Characters(piece)));
            _cache.Add(piece, merged);
            ids.AddRange(merged);
        }
    }

    private List<int> Characters(string piece)
    {
        var ids = new List<int>(piece.Length);
        var lastIsUnknown = false;
        for (var start = 0; start < piece.Length;)
        {
            var length = char.IsHighSurrogate(piece[start]) ? 2 : 1;
            var character = piece.AsSpan(start, length);
            var id = Find(character, isFirst: start == 0, isLast: start + length == piece.Length);
            var isUnknown = id is null && _bytes?.TryEncode(character, ids) is not true;
            if (id is not null)
                ids.Add(id.Value);
            else if (isUnknown && _unknown is not null && !(lastIsUnknown && _fusesUnknown))
                ids.Add(_unknown.Value);
            lastIsUnknown = isUnknown;
            start += length;
        }
        return ids;
    }

    private int? Find(ReadOnlySpan<char> character, bool isFirst, bool isLast)
    {
        var prefix = isFirst ? "" : _continuingPrefix;
        var suffix = isLast ? _wordSuffix : "";
        return prefix.Length + suffix.Length == 0
            ? Vocabulary.Find(character)
            : Vocabulary.Find(string.Concat(prefix, character, suffix));
    }
}
