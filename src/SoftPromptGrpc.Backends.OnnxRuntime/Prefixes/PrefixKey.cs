using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;

internal static class PrefixKey
{
    /// <summary>Of a prompt with these tokens behind it, within one model. A prompt's hash covers the model's fingerprint.</summary>
    public static string Of(ServedPrompt? prompt, ReadOnlySpan<int> head)
    {
        var tokens = head.IsEmpty ? "" : Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(head)));
        return $"{prompt?.CacheKey}/{tokens}";
    }
}
