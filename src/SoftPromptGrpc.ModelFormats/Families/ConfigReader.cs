using System.Text.Json;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>
/// Typed, range-checked access to config.json, or to an object inside it. A key that holds null counts as absent, unless
/// <see cref="Has"/> asks for it.
/// </summary>
/// <param name="file">What messages call the file.</param>
/// <param name="path">Of the object inside the file, such as "rope_scaling.".</param>
internal sealed class ConfigReader(JsonElement json, string file = "config.json", string path = "")
{
    private const int MaxCount = 1 << 24;

    public bool IsEmpty => !json.EnumerateObject().Any();

    public bool Has(string key) => json.TryGetProperty(key, out _);

    /// <summary>A number of things: at least 1.</summary>
    public int Count(string key, int max = MaxCount) =>
        OptionalCount(key, max) ?? throw Missing(key);

    public int? OptionalCount(string key, int max = MaxCount) => OptionalWhole(key, 1, max);

    public int? OptionalWhole(string key, int min = 0, int max = MaxCount)
    {
        if (Find(key) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw OutOfRange(key, $"a whole number from {min} to {max}");
    }

    /// <summary>A positive number.</summary>
    public double? OptionalNumber(string key, double max = 1e12)
    {
        if (Find(key) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && number <= max
            ? number
            : throw OutOfRange(key, $"a number above 0 and up to {max}");
    }

    public double Number(string key) =>
        OptionalNumber(key) ?? throw Missing(key);

    public bool Flag(string key, bool absent) => Find(key)?.ValueKind switch
    {
        null => absent,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw OutOfRange(key, "true or false"),
    };

    public string? Text(string key)
    {
        if (Find(key) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw OutOfRange(key, "a string");
    }

    public ConfigReader? Object(string key)
    {
        if (Find(key) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Object ? new ConfigReader(value, file, $"{path}{key}.") : throw OutOfRange(key, "an object");
    }

    /// <summary>A list of strings; null where there is none.</summary>
    public IReadOnlyList<string>? Texts(string key)
    {
        if (Find(key) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(e => e.GetString()!)]
            : throw OutOfRange(key, "a list of strings");
    }

    /// <summary>
    /// A list of lists of strings, each with how often it is repeated, written out: [[["a", "b"], 2]] is a, b, a, b; null where there is
    /// none.
    /// </summary>
    /// <param name="most">More strings than these are left out.</param>
    public IReadOnlyList<string>? RepeatedTexts(string key, int most)
    {
        if (Find(key) is not { } value)
            return null;
        var texts = new List<string>();
        foreach (var entry in List(value))
        {
            if (List(entry) is not [var names, var times] || times.ValueKind != JsonValueKind.Number || !times.TryGetInt32(out var count))
                throw Malformed();
            for (var i = 0; i < count && texts.Count <= most; i++)
                texts.AddRange(List(names).Select(n => n.ValueKind == JsonValueKind.String ? n.GetString()! : throw Malformed()));
        }
        return texts;

        JsonElement[] List(JsonElement list) =>
            list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : throw Malformed();

        SoftPromptException Malformed() => OutOfRange(key, "a list of lists of strings, each with a count");
    }

    /// <summary>A list of flags, true or false, 1 or 0; null where there is none.</summary>
    public IReadOnlyList<bool>? Flags(string key)
    {
        if (Find(key) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw OutOfRange(key, "a list");
        return [.. value.EnumerateArray().Select(e => e.ToString() switch
        {
            "True" or "1" => true,
            "False" or "0" => false,
            _ => throw OutOfRange(key, "a list of zeros and ones"),
        })];
    }

    /// <summary>Token ids, given as one number or a list; null where there are none.</summary>
    public IReadOnlyList<int>? TokenIds(string key)
    {
        if (Find(key) is not { } value)
            return null;
        var elements = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        var ids = new List<int>();
        foreach (var element in elements)
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out var id))
                throw OutOfRange(key, "a token id or a list of them");
            if (id >= 0)
                ids.Add(id);
        }
        return ids;
    }

    /// <summary>Refuses a model whose flag is set otherwise than a spec can say.</summary>
    public void Require(string key, bool value)
    {
        if (Flag(key, value) != value)
            throw Unsupported(key, value ? "false" : "true");
    }

    public ActivationKind Activation(string key, string absent) => (Text(key) ?? absent) switch
    {
        "gelu" or "gelu_python" => ActivationKind.Gelu,
        "gelu_new" or "gelu_fast" or "gelu_pytorch_tanh" => ActivationKind.GeluTanh,
        "silu" or "swish" => ActivationKind.Silu,
        "relu" => ActivationKind.Relu,
        "quick_gelu" => ActivationKind.QuickGelu,
        var other => throw Unsupported(key, other),
    };

    public SoftPromptException Unsupported(string key, string value) =>
        new(ErrorKind.Unsupported, $"{file} sets '{path}{key}' to {Quoted.Text(value)}, which is not supported.");

    public SoftPromptException Missing(string key) => new(ErrorKind.Corrupt, $"{file} lacks '{path}{key}'.");

    private SoftPromptException OutOfRange(string key, string expected) =>
        new(ErrorKind.Corrupt, $"'{path}{key}' in {file} is not {expected}.");

    private JsonElement? Find(string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
