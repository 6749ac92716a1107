using System.Text.Json;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <summary>
/// The JSON at the beginning of a safetensors file, checked as strictly as by the reference library: every tensor's offsets
/// match its type and shape, and the tensors fill the data without a gap or an overlap.
/// </summary>
internal sealed record SafetensorsHeader(
    IReadOnlyDictionary<string, TensorEntry> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    private const int MaxRank = 16;
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 8 };

    /// <param name="dataStart">Where the data begin in the file.</param>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataStart, long dataLength)
    {
        try
        {
            var header = Read(json, dataStart);
            CheckLayout(header.Tensors.Values, dataStart, dataLength);
            return header;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw Corrupt("its header is not the JSON it should be", e);
        }
    }

    public static SoftPromptException Corrupt(string why, Exception? inner = null) =>
        new(ErrorKind.Corrupt, $"Not a valid safetensors file: {why}.", inner);

    private static SafetensorsHeader Read(ReadOnlySpan<byte> json, long dataStart)
    {
        var reader = new Utf8JsonReader(json, Options);
        var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        Dictionary<string, string>? metadata = null;
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextProperty(ref reader) is { } name)
        {
            if (name == "__metadata__")
                metadata = metadata is null ? ReadMetadata(ref reader) : throw Corrupt("it has two '__metadata__'");
            else if (!tensors.TryAdd(name, ReadEntry(ref reader, name, dataStart)))
                throw Corrupt("a tensor appears twice");
        }
        return reader.Read() ? throw Corrupt("text follows its header") : new(tensors, metadata ?? []);
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextProperty(ref reader) is { } name)
        {
            Expect(ref reader, JsonTokenType.String);
            metadata[name] = reader.GetString()!;
        }
        return metadata;
    }

    private static TensorEntry ReadEntry(ref Utf8JsonReader reader, string name, long dataStart)
    {
        string? type = null;
        List<long>? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextProperty(ref reader) is { } property)
        {
            reader.Read();
            switch (property)
            {
                case "dtype": type = reader.GetString(); break;
                case "shape": shape = ReadNumbers(ref reader); break;
                case "data_offsets": offsets = ReadNumbers(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        if (type is null || shape is null || offsets is not [var begin, var end])
            throw Corrupt("a tensor lacks its dtype, shape or data_offsets");
        if (begin > end || end > long.MaxValue - dataStart)
            throw Corrupt("a tensor's offsets are out of order");
        var bits = TensorTypes.BitsOf(type) ?? throw new SoftPromptException(
            ErrorKind.Unsupported, "A tensor of the safetensors file has an unknown dtype.");
        if (BitCount(shape, bits) != checked((end - begin) * 8))
            throw Corrupt("a tensor's offsets do not match its shape");
        return new TensorEntry(name, type, shape, dataStart + begin, end - begin);
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Corrupt("a list of numbers is missing");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var number = reader.GetInt64();
            if (number < 0 || numbers.Count == MaxRank)
                throw Corrupt("a shape or offset is out of range");
            numbers.Add(number);
        }
        return numbers;
    }

    private static long BitCount(List<long> shape, int bits) => shape.Aggregate((long)bits, (count, size) => checked(count * size));

    private static void CheckLayout(IEnumerable<TensorEntry> tensors, long dataStart, long dataLength)
    {
        var expected = dataStart;
        foreach (var tensor in tensors.OrderBy(t => t.Offset).ThenBy(t => t.ByteCount))
        {
            if (tensor.Offset != expected)
                throw Corrupt("its tensors overlap or leave gaps");
            expected += tensor.ByteCount;
        }
        if (expected - dataStart != dataLength)
            throw Corrupt("its tensors do not end where the file ends");
    }

    private static string? NextProperty(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw Corrupt($"a {type} is missing in its header");
    }
}
