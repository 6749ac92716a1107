using SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>Makes a decoder's stage in front of the next one.</summary>
internal delegate DecoderStage StageFactory(DecoderStage next);

/// <summary>The "decoder" of tokenizer.json.</summary>
internal static class DecoderPipeline
{
    public static StageFactory Read(TokenizerSection section)
    {
        switch (section.Type)
        {
            case "Sequence":
                StageFactory[] stages = [.. section["decoders"].Steps().Select(Read)];
                return next => stages.Reverse().Aggregate(next, (stage, create) => create(stage));
            case "ByteLevel":
                return next => new ByteLevelStage(next);
            case "ByteFallback":
                return next => new ByteFallbackStage(next);
            case "Fuse":
                return next => new FuseStage(next);
            case "Replace":
                var (pattern, replacement) = (TextPattern.Read(section["pattern"]), section["content"].Text);
                return next => pattern.IsSingleCharacter
                    ? new ReplaceFragmentStage(pattern, replacement, next)
                    : new ReplaceTokenStage(pattern, replacement, next);
            case "Strip":
                var content = section["content"].Character;
                var start = section["start"].IntegerUpTo(TokenizerLimits.TokenLength);
                var stop = section["stop"].IntegerUpTo(TokenizerLimits.TokenLength);
                return next => new StripStage(content, start, stop, next);
            case "Metaspace":
                var space = section["replacement"].Character;
                var dropsFirst = MetaspacePreTokenizer.ReadScheme(section) != PrependScheme.Never;
                return next => new MetaspaceStage(space, dropsFirst, next);
            case "WordPiece":
                var (prefix, cleansUp) = (section["prefix"].Text, section["cleanup"].Flag);
                return next => new WordPieceStage(prefix, cleansUp, next);
            case var other:
                throw section.Unsupported($"the decoder \"{other}\"");
        }
    }
}
