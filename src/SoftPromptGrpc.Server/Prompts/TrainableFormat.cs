using System.Runtime.InteropServices;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>What a method trains as the bytes of the store, and back without the loss of a bit.</summary>
internal static class TrainableFormat
{
    private const byte Version = 1;

    public static byte[] Write(TrainablePrompt prompt)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Version);
        writer.Write(prompt.ModelFingerprint);
        writer.Write(prompt.VirtualTokens);
        writer.WriteTensors(prompt);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Corrupt"/>.</exception>
    public static TrainablePrompt Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        try
        {
            if (reader.ReadByte() != Version)
                throw new FormatException("Another version.");
            var (fingerprint, virtualTokens) = (reader.ReadString(), reader.ReadInt32());
            return new TrainablePrompt(virtualTokens, reader.ReadTensors(), fingerprint);
        }
        catch (Exception error) when (error is IOException or ArgumentException or FormatException)
        {
            throw new SoftPromptException(ErrorKind.Corrupt, "What this prompt was made of does not parse.", error);
        }
    }

    public static void WriteTensors(this BinaryWriter writer, TrainablePrompt prompt)
    {
        writer.Write(prompt.Tensors.Count);
        foreach (var (name, values) in prompt.Tensors)
        {
            writer.Write(name);
            writer.WriteValues(values);
        }
    }

    public static List<TrainableTensor> ReadTensors(this BinaryReader reader)
    {
        var tensors = new List<TrainableTensor>();
        for (var count = reader.ReadInt32(); tensors.Count < count;)
            tensors.Add(new TrainableTensor(reader.ReadString(), reader.ReadValues()));
        return tensors;
    }

    public static void WriteValues(this BinaryWriter writer, ReadOnlySpan<float> values)
    {
        writer.Write(values.Length);
        writer.Write(MemoryMarshal.AsBytes(values));
    }

    /// <exception cref="FormatException">There are fewer than it says.</exception>
    public static float[] ReadValues(this BinaryReader reader)
    {
        var length = reader.ReadInt32();
        if (length < 0 || (long)length * sizeof(float) > reader.BaseStream.Length - reader.BaseStream.Position)
            throw new FormatException("There are fewer values than it says.");
        var values = new float[length];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
