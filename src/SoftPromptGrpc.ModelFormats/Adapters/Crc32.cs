namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>The checksum of zip archives (ISO 3309, reflected polynomial 0xEDB88320).</summary>
internal static class Crc32
{
    private static readonly uint[] Table =
        [.. Enumerable.Range(0, 256).Select(i => Enumerable.Range(0, 8).Aggregate((uint)i, (crc, _) => Shift(crc)))];

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint Shift(uint crc) => (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
}
