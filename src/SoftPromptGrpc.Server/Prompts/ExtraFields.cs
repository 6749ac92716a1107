using System.Text.Json;
using System.Text.Json.Nodes;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>Fields of an imported adapter_config.json as the lineage keeps them: a JSON object. Inside: JSON text by name.</summary>
internal static class ExtraFields
{
    /// <returns>Empty where there are none.</returns>
    public static string Write(IEnumerable<KeyValuePair<string, string>> fields)
    {
        var json = new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, JsonNode.Parse(field.Value))));
        return json.Count == 0 ? "" : json.ToJsonString();
    }

    /// <summary>The same fields, each as the imported adapter had it where it did.</summary>
    public static IReadOnlyDictionary<string, string> Restore(IReadOnlyDictionary<string, string> fields, string? json)
    {
        if (string.IsNullOrEmpty(json))
            return fields;
        using var kept = JsonDocument.Parse(json);
        return fields.ToDictionary(
            field => field.Key, field => kept.RootElement.TryGetProperty(field.Key, out var value) ? value.GetRawText() : field.Value);
    }
}
