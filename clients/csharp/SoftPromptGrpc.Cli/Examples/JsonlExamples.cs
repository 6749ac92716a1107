using System.Text.Json;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Examples;

/// <summary>One JSON object a line, whose fields are strings or arrays of token ids. Blank lines are skipped.</summary>
internal static class JsonlExamples
{
    public static IEnumerable<ExampleRow> Read(TextReader reader, ExampleFields fields)
    {
        var line = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (!string.IsNullOrWhiteSpace(text))
                yield return Parse(line, text, fields);
        }
    }

    private static ExampleRow Parse(int line, string text, ExampleFields fields)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return ExampleRow.Bad(line, "not a JSON object");
            var (input, inputProblem) = Field(document.RootElement, fields.Input);
            var (target, targetProblem) = Field(document.RootElement, fields.Target);
            return input is not null && target is not null
                ? ExampleRow.Good(line, input, target)
                : ExampleRow.Bad(line, string.Join(", ", new[] { inputProblem, targetProblem }.Where(problem => problem.Length > 0)));
        }
        catch (JsonException exception)
        {
            return ExampleRow.Bad(line, $"not JSON (column {exception.BytePositionInLine + 1})");
        }
        catch (InvalidOperationException)
        {
            return ExampleRow.Bad(line, "holds half a surrogate pair, which is no text");
        }
    }

    private static (Content? Content, string Problem) Field(JsonElement row, string name)
    {
        if (!row.TryGetProperty(name, out var value))
            return (null, $"no field \"{name}\"");
        return value.ValueKind switch
        {
            JsonValueKind.String => (Contents.Text(value.GetString()!), ""),
            JsonValueKind.Array => TokenIds(value) is { } ids
                ? (Contents.TokenIds(ids), "")
                : (null, $"\"{name}\" is not an array of token ids"),
            _ => (null, $"\"{name}\" is neither a string nor an array of token ids"),
        };
    }

    private static List<uint>? TokenIds(JsonElement array)
    {
        var ids = new List<uint>(array.GetArrayLength());
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetUInt32(out var id))
                return null;
            ids.Add(id);
        }

        return ids;
    }
}
