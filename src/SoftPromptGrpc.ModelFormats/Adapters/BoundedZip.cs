using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// Reads small zip archives of unknown origin from memory (PKWARE APPNOTE 6.3, without zip64, encryption or spanning). The library's
/// own reader makes an object of every entry before its caller can count them; this one is bounded at each step.
/// </summary>
internal sealed class BoundedZip
{
    private const int MaxEntries = 256;
    private const int EndLength = 22, EntryLength = 46, LocalLength = 30;
    private const uint EndSignature = 0x06054b50, EntrySignature = 0x02014b50, LocalSignature = 0x04034b50;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _archive;

    public BoundedZip(ReadOnlyMemory<byte> archive)
    {
        _archive = archive;
        Entries = ReadDirectory(archive.Span);
    }

    public IReadOnlyList<ZipEntry> Entries { get; }

    /// <summary>Inflates no more than the entry states: the caller has checked <see cref="ZipEntry.Length"/> against a limit.</summary>
    public byte[] Extract(ZipEntry entry)
    {
        var contents = entry.Deflated ? Inflate(Stored(entry), entry.Length) : Stored(entry).ToArray();
        return contents.Length == entry.Length && Crc32.Of(contents) == entry.Crc
            ? contents
            : throw Corrupt("a file in it is damaged");
    }

    private static ZipEntry[] ReadDirectory(ReadOnlySpan<byte> archive)
    {
        var end = FindEnd(archive);
        var count = U16(archive, end + 10);
        var offset = (long)U32(archive, end + 16);
        if (count == ushort.MaxValue || offset == uint.MaxValue || U32(archive, end + 4) != 0 || U16(archive, end + 8) != count)
            throw new SoftPromptException(ErrorKind.Unsupported, "The adapter is a zip64 or spanned archive.");
        if (count > MaxEntries)
            throw Corrupt($"it has more than {MaxEntries} entries");
        var entries = new ZipEntry[count];
        for (var i = 0; i < count; i++)
        {
            Require(archive, offset, EntryLength, EntrySignature);
            var at = (int)offset;
            var nameLength = U16(archive, at + 28);
            Require(archive, offset, EntryLength + nameLength, EntrySignature);
            entries[i] = ReadEntry(archive, at, archive.Slice(at + EntryLength, nameLength));
            offset += EntryLength + nameLength + U16(archive, at + 30) + U16(archive, at + 32);
        }
        if (entries.DistinctBy(e => e.Name).Count() != count)
            throw Corrupt("a name appears twice");
        return entries;
    }

    private static ZipEntry ReadEntry(ReadOnlySpan<byte> archive, int at, ReadOnlySpan<byte> name)
    {
        var (flags, method) = (U16(archive, at + 8), U16(archive, at + 10));
        if ((flags & 1) != 0 || method is not (0 or 8))
            throw new SoftPromptException(
                ErrorKind.Unsupported, "A file in the adapter's zip is encrypted, or compressed otherwise than by deflate.");
        return new ZipEntry(
            CheckedName(name), method == 8, U32(archive, at + 16), U32(archive, at + 20), U32(archive, at + 24), U32(archive, at + 42));
    }

    private static string CheckedName(ReadOnlySpan<byte> bytes)
    {
        string name;
        try
        {
            name = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Corrupt("a name in it is not UTF-8", e);
        }
        var segments = name.TrimEnd('/').Split('/');
        if (name.AsSpan().IndexOfAny("\\:") >= 0 || name.Any(char.IsControl) || segments.Any(s => s is "" or "." or ".."))
            throw Corrupt("a name in it leads out of the archive");
        return name;
    }

    private ReadOnlyMemory<byte> Stored(ZipEntry entry)
    {
        var archive = _archive.Span;
        Require(archive, entry.HeaderOffset, LocalLength, LocalSignature);
        var at = (int)entry.HeaderOffset;
        var start = entry.HeaderOffset + LocalLength + U16(archive, at + 26) + U16(archive, at + 28);
        return start + entry.CompressedLength <= archive.Length
            ? _archive.Slice((int)start, (int)entry.CompressedLength)
            : throw Corrupt("a file in it is cut off");
    }

    /// <summary>Memory grows with what has been inflated, not with what the archive promises.</summary>
    private static byte[] Inflate(ReadOnlyMemory<byte> compressed, long length)
    {
        using var source = new MemoryStream(compressed.ToArray(), writable: false);
        using var inflater = new DeflateStream(source, CompressionMode.Decompress);
        using var contents = new MemoryStream();
        var buffer = new byte[1 << 15];
        try
        {
            for (int read; (read = inflater.Read(buffer)) > 0; contents.Write(buffer, 0, read))
            {
                if (contents.Length + read > length)
                    throw Corrupt("a file in it is longer than it states");
            }
        }
        catch (InvalidDataException e)
        {
            throw Corrupt("a file in it does not inflate", e);
        }
        return contents.ToArray();
    }

    /// <summary>The end record is the last thing in the archive, but for a comment.</summary>
    private static int FindEnd(ReadOnlySpan<byte> archive)
    {
        for (var at = archive.Length - EndLength; at >= 0 && at >= archive.Length - EndLength - ushort.MaxValue; at--)
        {
            if (U32(archive, at) == EndSignature && at + EndLength + U16(archive, at + 20) == archive.Length)
                return at;
        }
        throw Corrupt("it has no directory");
    }

    private static void Require(ReadOnlySpan<byte> archive, long offset, int length, uint signature)
    {
        if (offset > archive.Length - length || U32(archive, (int)offset) != signature)
            throw Corrupt("its directory is damaged");
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static SoftPromptException Corrupt(string why, Exception? inner = null) =>
        new(ErrorKind.Corrupt, $"The adapter is not a valid zip: {why}.", inner);
}
