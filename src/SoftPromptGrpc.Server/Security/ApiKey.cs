using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SoftPromptGrpc.Server.Security;

/// <summary>A secret of 256 random bits. That much cannot be guessed, so one SHA-256 is all that has to be kept of it.</summary>
internal static class ApiKey
{
    public const string Prefix = "spk_";

    /// <summary>The most characters that are looked at.</summary>
    public const int MaxLength = 128;

    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
