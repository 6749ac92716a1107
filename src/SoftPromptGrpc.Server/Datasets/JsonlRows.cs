using System.Text;
using System.Text.Json;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>One JSON object a row, whose fields are strings or arrays of token ids.</summary>
internal sealed class JsonlRows(string inputField, string targetField) : IRowParser
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 8 };
    private bool _hasBegun;

    public bool IsLost => false;

    public Example? Parse(ReadOnlyMemory<byte> row)
    {
        if (!_hasBegun && row.Span.StartsWith(Encoding.UTF8.Preamble))
            row = row[Encoding.UTF8.Preamble.Length..];
        _hasBegun = true;
        if (row.Span.IndexOfAnyExcept(" \t"u8) < 0)
            return null;
        try
        {
            using var json = JsonDocument.Parse(row, Options);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new RowFormatException("", "must be a JSON object");
            return new() { Input = Read(json.RootElement, inputField), Target = Read(json.RootElement, targetField) };
        }
        catch (InvalidOperationException) // A name that is half of a surrogate pair; TryGetProperty compares with it.
        {
            throw new RowFormatException("", "has a name that is not valid UTF-8 text");
        }
        catch (JsonException error)
        {
            throw new RowFormatException("", $"is no JSON at byte {error.BytePositionInLine + 1}");
        }
    }

    private static Content Read(JsonElement row, string field)
    {
        if (!row.TryGetProperty(field, out var value))
            throw new RowFormatException(field, "is missing");
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return new() { Text = Text(value, field) };
            case JsonValueKind.Array:
                var ids = new TokenIds();
                foreach (var element in value.EnumerateArray())
                {
                    if (element.ValueKind != JsonValueKind.Number || !element.TryGetUInt32(out var id))
                        throw new RowFormatException(field, "must hold token ids only");
                    ids.Ids.Add(id);
                }
                return new() { TokenIds = ids };
            default:
                throw new RowFormatException(field, "must be a string or an array of token ids");
        }
    }

    private static string Text(JsonElement value, string field)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException) // What JSON calls a string need not be text: half of a surrogate pair, for one.
        {
            throw new RowFormatException(field, "is not valid UTF-8 text");
        }
    }
}
