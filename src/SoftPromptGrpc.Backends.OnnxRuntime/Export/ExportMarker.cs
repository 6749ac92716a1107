using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>The last file written into an export: lists the others. An export without it, or unlike it, is not used.</summary>
internal sealed partial record ExportMarker(IReadOnlyList<ExportedFile> Files)
{
    private const string FileName = "complete.json";

    public void Write(string directory)
    {
        using var stream = new FileStream(Path.Combine(directory, FileName), FileMode.CreateNew);
        JsonSerializer.Serialize(stream, this, Json.Default.ExportMarker);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Whether the directory holds a complete export, byte for byte.</summary>
    public static bool Matches(string directory)
    {
        try
        {
            using var stream = File.OpenRead(Path.Combine(directory, FileName));
            var marker = JsonSerializer.Deserialize(stream, Json.Default.ExportMarker);
            return marker?.Files is { Count: > 0 } files && files.All(file => Matches(directory, file));
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return false;
        }
    }

    private static bool Matches(string directory, ExportedFile file)
    {
        using var stream = new FileStream(
            Path.Combine(directory, Path.GetFileName(file.Name)), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
        return stream.Length == file.Length && Convert.ToHexStringLower(SHA256.HashData(stream)) == file.Sha256;
    }

    [JsonSerializable(typeof(ExportMarker))]
    private sealed partial class Json : JsonSerializerContext;
}
