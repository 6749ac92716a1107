using System.Text.Json;
using System.Text.Json.Nodes;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats.Tests.Tokenizers;

/// <summary>
/// Components one by one, against the reference library. The base tokenizer marks the last character of each piece that the
/// pre-tokenizer makes, so ids show where the pieces end; each case replaces some of its parts.
/// </summary>
public sealed class TokenizerComponentTests
{
    private const string SpecialToken = "<s>";
    private static readonly Lazy<JsonObject> Components = new(() =>
        JsonNode.Parse(GoldenTokenizer.Unzip(Goldens.File("tokenizers/components.json.gz")))!.AsObject());

    public static TheoryData<string> Encoders => new(Components.Value["encoders"]!.AsObject().Select(pair => pair.Key));

    public static TheoryData<string> Decoders => new(Components.Value["decoders"]!.AsObject().Select(pair => pair.Key));

    [Theory]
    [MemberData(nameof(Encoders))]
    public void Encode_OneComponent_GivesTheReferencesIds(string name)
    {
        var golden = Components.Value["encoders"]![name]!;
        var tokenizer = Parse(golden["part"]!.AsObject());

        var ids = Components.Value["texts"].Deserialize<string[]>()!.Select(text => tokenizer.Encode(text, addSpecialTokens: true));

        Assert.Equal(golden["ids"].Deserialize<int[][]>()!, ids);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Decode_OneComponent_GivesTheReferencesText(string name)
    {
        var golden = Components.Value["decoders"]![name]!;
        var tokenizer = Parse(DecoderPart(golden["decoder"]));
        var sequences = Components.Value["sequences"].Deserialize<int[][]>()!;

        Assert.Equal(golden["text"].Deserialize<string[]>()!, sequences.Select(ids => tokenizer.Decode(ids, skipSpecialTokens: false)));
        Assert.Equal(golden["skipping"].Deserialize<string[]>()!, sequences.Select(ids => tokenizer.Decode(ids, skipSpecialTokens: true)));
    }

    /// <summary>A vocabulary made for decoders, in which ids are places in the list.</summary>
    private static JsonObject DecoderPart(JsonNode? decoder)
    {
        var tokens = Components.Value["tokens"].Deserialize<string[]>()!;
        var vocabulary = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id)));
        return new JsonObject
        {
            ["decoder"] = decoder?.DeepClone(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
            ["added_tokens"] = new JsonArray(
                new JsonObject { ["id"] = Array.IndexOf(tokens, SpecialToken), ["content"] = SpecialToken, ["special"] = true }),
        };
    }

    private static HfTokenizer Parse(JsonObject part)
    {
        var tokenizer = Components.Value["base"]!.DeepClone().AsObject();
        foreach (var (name, value) in part)
            tokenizer[name] = value?.DeepClone();
        return HfTokenizer.Parse(JsonSerializer.SerializeToUtf8Bytes(tokenizer));
    }
}
