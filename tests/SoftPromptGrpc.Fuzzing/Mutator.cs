using System.Buffers.Binary;

namespace SoftPromptGrpc.Fuzzing;

/// <summary>Changes inputs as AFL's "havoc" stage does (Zalewski): a few random edits on top of each other. One seed, one series.</summary>
internal sealed class Mutator(IFuzzTarget target, int seed)
{
    private const int MostEdits = 8;
    private const int MaxLength = 1 << 20;

    private static readonly long[] Corners = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var bytes = Pick(target.Seeds).ToList();
        for (var edits = _random.Next(1, MostEdits + 1); edits > 0; edits--)
            Edit(bytes);
        return [.. bytes.Take(MaxLength)];
    }

    private void Edit(List<byte> bytes)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)_random.Next(256));
            return;
        }
        var at = _random.Next(bytes.Count);
        switch (_random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, Math.Min(_random.Next(1, 33), bytes.Count - at));
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(_random.Next(1, 33), bytes.Count - at)));
                break;
            case 4:
                Overwrite(bytes, at, Corner());
                break;
            case 5 when target.Tokens.Count > 0:
                bytes.InsertRange(at, Pick(target.Tokens));
                break;
            case 6 when target.Tokens.Count > 0:
                Overwrite(bytes, at, Pick(target.Tokens));
                break;
            default:
                var other = Pick(target.Seeds);
                var from = _random.Next(other.Length);
                Overwrite(bytes, at, other.AsSpan(from, Math.Min(_random.Next(1, 65), other.Length - from)));
                break;
        }
    }

    private byte[] Corner()
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Corners[_random.Next(Corners.Length)]);
        return bytes[..(1 << _random.Next(4))];
    }

    private static void Overwrite(List<byte> bytes, int at, ReadOnlySpan<byte> by)
    {
        foreach (var value in by)
        {
            if (at == bytes.Count)
                return;
            bytes[at++] = value;
        }
    }

    private byte[] Pick(IReadOnlyList<byte[]> from) => from[_random.Next(from.Count)];
}
