using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Checkpoints;

/// <summary>
/// A model's identity: SHA-256 over its architecture and, for each canonical tensor, name, type, shape, how it is cut from its
/// source, and the source's digest. File names, shards, source names and the form of config.json do not enter it.
/// </summary>
internal static class Fingerprint
{
    private const int ChunkBytes = 1 << 24;

    public static string Of(ModelSpec spec, IReadOnlyList<BoundTensor> tensors)
    {
        var digests = new ConcurrentDictionary<StoredTensor, string>();
        Parallel.ForEach(tensors.Select(t => t.Source).Distinct(), source => digests[source] = Digest(source));
        var text = new StringBuilder(Describe(spec));
        foreach (var tensor in tensors)
        {
            var rows = tensor.Rows;
            text.Append(CultureInfo.InvariantCulture, $"{tensor.Name} {tensor.Source.Entry.Type} {string.Join('x', tensor.Shape)} ")
                .Append(tensor.Transposed ? 'T' : 'N')
                .Append(CultureInfo.InvariantCulture, $"{rows.First},{rows.Count},{rows.Stride},{rows.Blocks} ")
                .Append(tensor.Added == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"+{tensor.Added:R} "))
                .Append(digests[tensor.Source]).Append('\n');
        }
        return Hash(text.ToString());
    }

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// Everything that changes what the weights compute, a line for each setting. A setting that is added to the spec later gets a
    /// line only where it is not the default, so that known models keep their fingerprints.
    /// </summary>
    public static string Describe(ModelSpec spec) => spec switch
    {
        DecoderSpec decoder => Describe(decoder),
        EncoderDecoderSpec encoderDecoder => Describe(encoderDecoder),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.ModelType, null),
    };

    private static string Describe(DecoderSpec spec) => string.Create(CultureInfo.InvariantCulture, $"""
        decoder 1
        sizes {spec.VocabularySize} {spec.HiddenSize} {spec.LayerCount} {spec.MlpSize}
        heads {spec.HeadCount} {spec.KeyValueHeadCount} {spec.HeadSize}
        context {spec.ContextLength}
        norm {spec.Norm} {spec.NormEpsilon:R}
        positions {spec.Positions} {Describe(spec.Rotary)}
        residual {spec.Residual}
        mlp {spec.Activation} gated={spec.GatedMlp} bias={spec.MlpBias}
        attention bias={spec.AttentionBias} output-bias={spec.AttentionOutputBias} window={spec.SlidingWindow}
        tied={spec.TiedHead}

        """).ReplaceLineEndings("\n") + string.Concat(LaterSettings.Of(spec).Select(line => $"{line}\n"));

    private static string Describe(EncoderDecoderSpec spec) => string.Create(CultureInfo.InvariantCulture, $"""
        encoder-decoder 1
        sizes {spec.VocabularySize} {spec.HiddenSize} {spec.LayerCount} {spec.DecoderLayerCount} {spec.MlpSize}
        heads {spec.HeadCount} {spec.HeadSize} scale={spec.AttentionScale:R}
        context {spec.ContextLength}
        norm {spec.Norm} {spec.NormEpsilon:R} post={spec.PostNorm}
        embedding norm={spec.EmbeddingNorm} scale={spec.EmbeddingScale:R}
        positions {Describe(spec.RelativePositions)}
        mlp {spec.Activation} gated={spec.GatedMlp}
        bias={spec.Bias}
        head tied={spec.TiedHead} bias={spec.HeadBias} scale={spec.HeadScale:R}
        start {spec.DecoderStart}

        """).ReplaceLineEndings("\n");

    private static string Describe(RelativePositions? positions) => positions is null ? "" : string.Create(
        CultureInfo.InvariantCulture, $"{positions.BucketCount} {positions.MaxDistance}");

    public static string Describe(RotarySpec? rotary) => rotary is null ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"{rotary.Base:R} {rotary.Dimensions} {Describe(rotary.Scaling)}{(rotary.Interleaved ? " interleaved" : "")}");

    private static string Describe(RotaryScaling? scaling) => scaling is null ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"{scaling.Kind} {scaling.Factor:R} {scaling.LowFrequencyFactor:R} {scaling.HighFrequencyFactor:R} {scaling.OriginalContextLength}");

    private static string Digest(StoredTensor tensor)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var offset = 0L; offset < tensor.Entry.ByteCount; offset += ChunkBytes)
            hash.AppendData(tensor.File.Bytes(tensor.Entry, offset, (int)Math.Min(ChunkBytes, tensor.Entry.ByteCount - offset)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
