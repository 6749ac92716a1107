using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>The two hashes that the hub names files by, told apart by their length.</summary>
internal static class ContentHash
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    /// <summary>The hash that an ETag holds, or null where it holds none.</summary>
    public static string? FromETag(string? etag)
    {
        var hash = etag?.StartsWith("W/", StringComparison.Ordinal) == true ? etag[2..].Trim('"') : etag?.Trim('"');
        return hash is { Length: Sha1Digits or Sha256Digits } && hash.All(char.IsAsciiHexDigitLower) ? hash : null;
    }

    /// <summary>Whether a file's content is what the hash says.</summary>
    public static async Task<bool> MatchesAsync(string path, string hash, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 20, FileOptions.Asynchronous);
        return await OfAsync(stream, hash.Length, cancellationToken) == hash;
    }

    private static async Task<string> OfAsync(FileStream stream, int digits, CancellationToken cancellationToken)
    {
        if (digits == Sha256Digits)
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
#pragma warning disable CA5350 // Git names its blobs by SHA-1; this finds transmission errors.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {stream.Length}\0")));
        var buffer = new byte[1 << 16];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
            hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
