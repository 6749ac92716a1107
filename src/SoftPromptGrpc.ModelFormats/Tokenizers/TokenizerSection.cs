using System.Text.Json;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tokenizers;

/// <summary>A part of a tokenizer's JSON, read with every type checked. Errors name it, such as "tokenizer.json.model.vocab".</summary>
internal readonly struct TokenizerSection(JsonElement element, string path)
{
    public bool IsObject => element.ValueKind == JsonValueKind.Object;

    public bool IsArray => element.ValueKind == JsonValueKind.Array;

    public bool IsText => element.ValueKind == JsonValueKind.String;

    /// <summary>The component's "type".</summary>
    public string Type => this["type"].Text;

    public string Text => IsText ? element.GetString()! : throw Expected("a string");

    public bool Flag => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Expected("true or false"),
    };

    public double Number => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && double.IsFinite(value)
        ? value
        : throw Expected("a finite number");

    public char Character => Text is [var only] ? only : throw Expected("one character");

    public int Id => IntegerUpTo(TokenizerLimits.TokenId - 1);

    /// <summary>The spelling of a token.</summary>
    public string Token => CheckToken(Text);

    public int Count => IsArray ? element.GetArrayLength() : throw Expected("an array");

    public TokenizerSection this[string name] => Find(name) ?? throw Expected($"\"{name}\"");

    public TokenizerSection this[int index] => index < Count ? new(element[index], path) : throw Expected($"more than {index} items");

    /// <summary>Null where the property is absent or JSON's null.</summary>
    public TokenizerSection? Find(string name)
    {
        if (!IsObject)
            throw Expected("an object");
        return element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new TokenizerSection(value, $"{path}.{name}")
            : null;
    }

    public int IntegerUpTo(int limit) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) && value >= 0 && value <= limit
            ? value
            : throw Expected($"an integer from 0 to {limit}");

    public bool FlagOr(string name, bool fallback) => Find(name)?.Flag ?? fallback;

    public IEnumerable<TokenizerSection> Items()
    {
        if (!IsArray)
            throw Expected("an array");
        foreach (var item in element.EnumerateArray())
            yield return new TokenizerSection(item, path);
    }

    /// <summary>The components of a sequence.</summary>
    public IEnumerable<TokenizerSection> Steps() => Count <= TokenizerLimits.Steps
        ? Items()
        : throw Unsupported($"a sequence of more than {TokenizerLimits.Steps} steps");

    public IEnumerable<(string Name, TokenizerSection Value)> Properties()
    {
        if (!IsObject)
            throw Expected("an object");
        foreach (var property in element.EnumerateObject())
            yield return (property.Name, new TokenizerSection(property.Value, path));
    }

    public string CheckToken(string token) => token.Length <= TokenizerLimits.TokenLength
        ? token
        : throw Corrupt($"a token of more than {TokenizerLimits.TokenLength} characters.");

    public SoftPromptException Expected(string what) => Corrupt($"expected {what}.");

    public SoftPromptException Corrupt(string reason) => new(ErrorKind.Corrupt, $"{path}: {reason}");

    public SoftPromptException Unsupported(string what) => new(ErrorKind.Unsupported, $"{path}: {what} is not supported.");
}
