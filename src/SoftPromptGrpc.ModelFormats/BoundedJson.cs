using System.Text.Json;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats;

/// <summary>Other people's JSON: an object of bounded size and depth, or <see cref="ErrorKind.Corrupt"/>.</summary>
internal static class BoundedJson
{
    private const int MaxLength = 64 << 20;
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Corrupt"/>, or <see cref="ErrorKind.Precondition"/> where the file cannot be read.
    /// </exception>
    public static JsonDocument ReadFile(string path)
    {
        var name = Path.GetFileName(path);
        try
        {
            return Parse(ReadBytes(path, name), name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SoftPromptException(ErrorKind.Precondition, $"{name} cannot be read.", e);
        }
    }

    private static byte[] ReadBytes(string path, string name)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.Length > MaxLength)
            throw new SoftPromptException(ErrorKind.Corrupt, $"{name} is longer than {MaxLength >> 20} MiB.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <param name="name">What messages call it.</param>
    public static JsonDocument Parse(ReadOnlyMemory<byte> bytes, string name)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(bytes, Options);
            CheckText(document.RootElement);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            document?.Dispose();
            throw new SoftPromptException(ErrorKind.Corrupt, $"{name} is not valid JSON.", e);
        }
        document.Dispose();
        throw new SoftPromptException(ErrorKind.Corrupt, $"{name} is not a JSON object.");
    }

    /// <summary>Reads every string once: the parser finds broken UTF-8 and half surrogates only then.</summary>
    private static void CheckText(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String)
            element.GetString();
        else if (element.ValueKind == JsonValueKind.Array)
            element.EnumerateArray().ToList().ForEach(CheckText);
        else if (element.ValueKind == JsonValueKind.Object)
            element.EnumerateObject().ToList().ForEach(p => { _ = p.Name; CheckText(p.Value); });
    }
}
