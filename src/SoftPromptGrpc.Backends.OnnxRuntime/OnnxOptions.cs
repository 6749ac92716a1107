using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>Bound from the "Onnx" section and checked when the host starts.</summary>
public sealed class OnnxOptions
{
    public const string Section = "Onnx";

    /// <summary>Where exported models are kept, each under its fingerprint. May be emptied while no server runs.</summary>
    [Required]
    public string CacheDirectory { get; set; } = "";

    /// <summary>"cpu", "cuda" or "cuda:N".</summary>
    [Required]
    public string Device { get; set; } = DeviceName.Cpu;

    /// <summary>
    /// Whether float32 products may use an operator of our own where the processor suits it (AVX-512): 8-bit weights always do.
    /// </summary>
    public bool OwnOperators { get; set; } = true;

    /// <summary>Threads of one step; 0: one for each processor.</summary>
    [Range(0, 1024)]
    public int IntraOpThreads { get; set; }

    /// <summary>Sequences that one session runs at once.</summary>
    [Range(1, 4096)]
    public int MaxSequences { get; set; } = 16;

    /// <summary>The most memory that one session's keys and values may take, in bytes.</summary>
    [Range(1L << 20, 1L << 50)]
    public long MaxCacheBytes { get; set; } = 4L << 30;

    /// <summary>The most memory that one session keeps prompts' keys and values in, in bytes; 0: it keeps none.</summary>
    [Range(0, 1L << 50)]
    public long MaxPrefixBytes { get; set; } = 512L << 20;

    /// <summary>
    /// The most positions of one sequence that one pass computes: bounds how long the other sequences wait. The server sets it as
    /// Inference:PrefillChunk says.
    /// </summary>
    [Range(1, 65536)]
    public int PrefillChunk { get; set; } = 256;

    /// <summary>How decoders run; encoder-decoders have one way.</summary>
    [EnumDataType(typeof(Engine))]
    public Engine Engine { get; set; }

    /// <summary>In what form the paged engine keeps keys and values; the standard one keeps float32 in any case.</summary>
    [EnumDataType(typeof(CacheType))]
    public CacheType CacheType { get; set; }
}

public enum Engine
{
    /// <summary>The paged one on processors that it is fast on, which is where it was measured to be the faster one.</summary>
    Auto,

    /// <summary>ONNX Runtime's own operators: one batch for sequences that advance by a token, and one run for each other one.</summary>
    Standard,

    /// <summary>Attention of our own: every step is one run, and sequences that begin alike share keys and values.</summary>
    Paged,
}

public enum CacheType
{
    /// <summary>float32.</summary>
    Full,

    /// <summary>bfloat16: half the memory, 8 bits of precision.</summary>
    Half,
}

[OptionsValidator]
internal sealed partial class OnnxOptionsValidator : IValidateOptions<OnnxOptions>;
