using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Core.Prompts;

/// <summary>
/// What a training leaves to be served: something that stands in front of a text, either rows that run through the model as its
/// embeddings do (<see cref="SoftPrompt"/>) or the keys and values of a cache (<see cref="KeyValuePrefix"/>). Immutable; equal when
/// the hash is equal.
/// </summary>
public abstract class ServedPrompt
{
    private readonly float[] _values;

    private protected ServedPrompt(IReadOnlyList<int> shape, int virtualTokens, float[] values, string modelFingerprint)
    {
        foreach (var length in shape)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (values.LongLength != shape.Aggregate(1L, (product, length) => checked(product * length)))
            throw new ArgumentException($"{values.LongLength} values are not {string.Join(" x ", shape)}.", nameof(values));
        (Shape, VirtualTokens, _values, ModelFingerprint) = (shape, virtualTokens, values, modelFingerprint);
        ContentHash = Hash();
    }

    /// <summary>Positions that it takes from the context.</summary>
    public int VirtualTokens { get; }

    /// <summary>The base model that gives the numbers their meaning.</summary>
    public string ModelFingerprint { get; }

    /// <summary>Of <see cref="Values"/>, the outermost dimension first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>How many numbers a virtual token has in one place: the hidden size, or what one layer's keys have over all heads.</summary>
    public abstract int Width { get; }

    public ReadOnlyMemory<float> Values => _values;

    /// <summary>The values as little-endian float32.</summary>
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_values.AsSpan());

    /// <summary>Of the values, in bytes.</summary>
    public long Size => _values.LongLength * sizeof(float);

    /// <summary>SHA-256 over shape, values and model fingerprint, in lower-case hexadecimal: the ETag.</summary>
    public string ContentHash { get; }

    /// <summary>Whose it is, where there are several: what equal prompts of others have left in a cache must not show.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>What caches know it by.</summary>
    public string CacheKey => KeyOf(Tenant, ContentHash);

    public static string KeyOf(string tenant, string contentHash) => $"{tenant}/{contentHash}";

    /// <summary>In what its shape differs from what the model takes, such as "it is 64 wide, the model 32"; null: it fits.</summary>
    public abstract string? MisfitWith(ModelSpec spec);

    /// <summary>What <see cref="Shape"/> says it is: [tokens, hidden] or [layers, 2, heads, tokens, head size].</summary>
    /// <param name="values">Taken over, not copied.</param>
    /// <param name="tenant">As <see cref="Tenant"/>.</param>
    /// <exception cref="ArgumentException">No prompt has this shape, or this many values.</exception>
    public static ServedPrompt Of(IReadOnlyList<int> shape, float[] values, string modelFingerprint, string tenant = "") => shape switch
    {
        [var tokens, var hidden] => new SoftPrompt(tokens, hidden, values, modelFingerprint) { Tenant = tenant },
        [var layers, 2, var heads, var tokens, var headSize] =>
            new KeyValuePrefix(layers, heads, tokens, headSize, values, modelFingerprint) { Tenant = tenant },
        _ => throw new ArgumentException($"No prompt is {string.Join(" x ", shape)}.", nameof(shape)),
    };

    private string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{ModelFingerprint}\n{string.Join('x', Shape)}\n"));
        hash.AppendData(Bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
