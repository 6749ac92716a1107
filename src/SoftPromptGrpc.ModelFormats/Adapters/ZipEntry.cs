namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>A file inside a zip archive, as the archive's directory states it: nothing here is verified yet.</summary>
/// <param name="Deflated">Compressed by deflate, or else stored.</param>
/// <param name="HeaderOffset">Where its local header begins.</param>
internal sealed record ZipEntry(string Name, bool Deflated, uint Crc, long CompressedLength, long Length, long HeaderOffset);
