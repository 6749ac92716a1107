using System.Buffers.Binary;
using System.Text;
using CsCheck;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Safetensors;

public sealed class SafetensorsFileTests
{
    [Fact]
    public void Read_EveryFloatType_Converts()
    {
        var bytes = Bytes(
            """
            {
              "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
              "b": {"dtype": "F16", "shape": [3], "data_offsets": [4, 10]},
              "c": {"dtype": "BF16", "shape": [2], "data_offsets": [10, 14]}
            }
            """,
            [0x00, 0x00, 0xC0, 0x3F, 0x00, 0x3E, 0x01, 0x00, 0x00, 0xFC, 0xC0, 0x3F, 0x01, 0x00]);
        using var file = SafetensorsFile.Parse(bytes);

        Assert.Equal([1.5f], Read(file, "a"));
        Assert.Equal([1.5f, 5.9604645e-8f, float.NegativeInfinity], Read(file, "b"));
        Assert.Equal([1.5f, 9.1835e-41f], Read(file, "c"));
    }

    [Fact]
    public void Read_OtherType_IsListedButRefused()
    {
        using var file = SafetensorsFile.Parse(Bytes("""{"mask":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", [0, 1]));

        Assert.Equal([2L], file.Tensors["mask"].Shape);
        Assert.Equal([0, 1], file.Bytes(file.Tensors["mask"], 0, 2).ToArray());
        Refusal.Of(ErrorKind.Unsupported, () => Read(file, "mask"));
    }

    [Fact]
    public void Read_FileOfThreeGigabytes_StaysOutOfTheManagedHeap()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("large.safetensors");
        var header = Bytes("""{"a":{"dtype":"F32","shape":[768,1048576],"data_offsets":[0,3221225472]}}""", []);
        using (var stream = File.Create(path))
        {
            stream.Write(header);
            stream.SetLength(header.Length + 3221225472);
            stream.Seek(-4, SeekOrigin.End);
            stream.Write([0x00, 0x00, 0xC0, 0x3F]);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();

        using var file = SafetensorsFile.Open(path);
        var row = new float[1048576];
        file.Read(file.Tensors["a"], 767L * row.Length, row);

        Assert.Equal((0f, 1.5f), (row[0], row[^1]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Read_Disposed_Throws()
    {
        var file = SafetensorsFile.Open(Goldens.File("models/gpt2/model.safetensors"));
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Read(file, "transformer.ln_f.weight"));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775799,9223372036854775807]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""")]
    [InlineData("""{"__metadata__":{"format":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"__metadata__":{},"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}""")]
    [InlineData("""["a"]""")]
    [InlineData("null")]
    [InlineData("")]
    public void Parse_MalformedHeader_IsCorrupt(string header) =>
        Refusal.Of(ErrorKind.Corrupt, () => SafetensorsFile.Parse(Bytes(header, new byte[8])));

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(100_000_001UL)]
    [InlineData(1UL << 60)]
    [InlineData(ulong.MaxValue)]
    public void Parse_WrongHeaderLength_IsCorrupt(ulong length)
    {
        var bytes = Bytes("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);

        Refusal.Of(ErrorKind.Corrupt, () => SafetensorsFile.Parse(bytes));
    }

    [Fact]
    public void Parse_UnknownType_IsUnsupported() => Refusal.Of(ErrorKind.Unsupported, () =>
        SafetensorsFile.Parse(Bytes("""{"a":{"dtype":"F3","shape":[2],"data_offsets":[0,8]}}""", new byte[8])));

    [Fact]
    public void Open_EveryTruncation_IsCorrupt()
    {
        var whole = Bytes("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]);
        using var directory = new TemporaryDirectory();
        for (var length = 0; length < whole.Length; length++)
        {
            var path = directory.File($"{length}.safetensors");
            File.WriteAllBytes(path, whole[..length]);
            Refusal.Of(ErrorKind.Corrupt, () => SafetensorsFile.Open(path));
        }
    }

    [Fact]
    public void Parse_RandomMutations_ReadsOrRefuses()
    {
        var whole = File.ReadAllBytes(Goldens.File("peft/gpt2/prompt_tuning_random/adapter_model.safetensors"))[..1080];
        var changes = Gen.Select(Gen.Int[0, 127], Gen.Byte).Array[1, 6];
        var outcomes = new HashSet<bool>();

        changes.Sample(
            list =>
            {
                var bytes = (byte[])whole.Clone();
                foreach (var (at, value) in list)
                    bytes[at] = value;
                outcomes.Add(Refusal.OrSuccess(() => ReadAll(bytes)));
            },
            iter: 20_000, threads: 1);

        Assert.Equal(2, outcomes.Count);
    }

    private static void ReadAll(byte[] bytes)
    {
        using var file = SafetensorsFile.Parse(bytes);
        foreach (var name in file.Tensors.Keys)
            Read(file, name);
    }

    private static float[] Read(SafetensorsFile file, string name)
    {
        var tensor = file.Tensors[name];
        var values = new float[tensor.ElementCount];
        file.Read(tensor, 0, values);
        return values;
    }

    private static byte[] Bytes(string header, byte[] values)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. values];
    }
}
