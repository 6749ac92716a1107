using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using SoftPromptGrpc.Pretraining.Tokenizer;

namespace SoftPromptGrpc.Pretraining.Output;

/// <summary>tokenizer.json, tokenizer_config.json and special_tokens_map.json as Hugging Face's libraries read them.</summary>
internal static class TokenizerWriter
{
    internal static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    private static string EndOfText => BpeVocabulary.SpecialTokens[BpeVocabulary.EndOfText];

    private static string Padding => BpeVocabulary.SpecialTokens[BpeVocabulary.Padding];

    public static void Write(BpeVocabulary vocabulary, int contextLength, string directory)
    {
        Save("tokenizer.json", Tokenizer(vocabulary));
        Save("tokenizer_config.json", new JsonObject
        {
            ["add_bos_token"] = false,
            ["add_eos_token"] = false,
            ["bos_token"] = EndOfText,
            ["clean_up_tokenization_spaces"] = false,
            ["eos_token"] = EndOfText,
            ["model_max_length"] = contextLength,
            ["pad_token"] = Padding,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        });
        Save("special_tokens_map.json", new JsonObject { ["bos_token"] = EndOfText, ["eos_token"] = EndOfText, ["pad_token"] = Padding });

        void Save(string file, JsonObject json) => File.WriteAllText(Path.Combine(directory, file), json.ToJsonString(Indented) + "\n");
    }

    private static JsonObject Tokenizer(BpeVocabulary vocabulary) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. BpeVocabulary.SpecialTokens.Select(Added)]),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = BpeVocabulary.WordPattern },
                    ["behavior"] = "Isolated",
                    ["invert"] = false,
                },
                ByteLevel(useRegex: false)),
        },
        ["post_processor"] = null,
        ["decoder"] = ByteLevel(useRegex: true),
        ["model"] = Model(vocabulary),
    };

    private static JsonObject Added(string token, int id) => new()
    {
        ["id"] = id,
        ["content"] = token,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    private static JsonObject ByteLevel(bool useRegex) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = useRegex };

    private static JsonObject Model(BpeVocabulary vocabulary) => new()
    {
        ["type"] = "BPE",
        ["dropout"] = null,
        ["unk_token"] = null,
        ["continuing_subword_prefix"] = null,
        ["end_of_word_suffix"] = null,
        ["fuse_unk"] = false,
        ["byte_fallback"] = false,
        ["ignore_merges"] = false,
        ["vocab"] = new JsonObject(vocabulary.Tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
        ["merges"] = new JsonArray([.. vocabulary.Merges.Select(m => (JsonNode)$"{vocabulary.Tokens[m.Left]} {vocabulary.Tokens[m.Right]}")]),
    };
}
