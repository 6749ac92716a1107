using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace SoftPromptGrpc.Core.Prompts;

/// <summary>
/// Virtual tokens: rows that stand in front of a text's token embeddings (Lester et al. 2021, "The Power of Scale for
/// Parameter-Efficient Prompt Tuning"). Immutable; equal when the hash is equal.
/// </summary>
public sealed class SoftPrompt
{
    private readonly float[] _values;

    /// <param name="values">[virtualTokens, hiddenSize], row by row. Taken over, not copied: the caller lets go of it.</param>
    /// <param name="modelFingerprint">The base model that gives the numbers their meaning.</param>
    public SoftPrompt(int virtualTokens, int hiddenSize, float[] values, string modelFingerprint)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(virtualTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        if (values.LongLength != (long)virtualTokens * hiddenSize)
            throw new ArgumentException($"{values.LongLength} values are not {virtualTokens} x {hiddenSize}.", nameof(values));
        (VirtualTokens, HiddenSize, _values, ModelFingerprint) = (virtualTokens, hiddenSize, values, modelFingerprint);
        ContentHash = Hash();
    }

    public int VirtualTokens { get; }

    public int HiddenSize { get; }

    public string ModelFingerprint { get; }

    /// <summary>[VirtualTokens, HiddenSize], row by row.</summary>
    public ReadOnlyMemory<float> Values => _values;

    /// <summary>SHA-256 over shape, values and model fingerprint, in lower-case hexadecimal: cache key and ETag.</summary>
    public string ContentHash { get; }

    /// <summary>The values as little-endian float32, row by row.</summary>
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_values.AsSpan());

    private string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{ModelFingerprint}\n{VirtualTokens}x{HiddenSize}\n"));
        hash.AppendData(Bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
