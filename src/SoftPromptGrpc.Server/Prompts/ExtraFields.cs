using System.Text.Json;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>Fields of an imported adapter_config.json as the lineage keeps them: a JSON object. Inside: JSON text by name.</summary>
internal static class ExtraFields
{
    /// <summary>To the character: a value is not written anew.</summary>
    /// <returns>Empty where there are none.</returns>
    public static string Write(IReadOnlyDictionary<string, string> fields) => fields.Count == 0
        ? ""
        : $"{{{string.Join(',', fields.Select(field => $"{PeftFields.Json(field.Key)}:{field.Value}"))}}}";

    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static Dictionary<string, string> Read(string json)
    {
        if (json.Length == 0)
            return [];
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException("It is no object.");
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in document.RootElement.EnumerateObject())
            fields[field.Name] = field.Value.GetRawText();
        return fields;
    }
}
