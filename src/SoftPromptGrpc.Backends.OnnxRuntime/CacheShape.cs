using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>What a cache has to hold of each position.</summary>
/// <param name="HeadCount">Key/value heads.</param>
/// <param name="HeadSize">The model's; the layout pads it.</param>
/// <param name="MostPositions">Of one sequence.</param>
internal sealed record CacheShape(int LayerCount, int HeadCount, int HeadSize, HeadLayout Layout, int MostPositions)
{
    /// <summary>Of one sequence.</summary>
    public long BytesPerPosition => 2L * LayerCount * sizeof(float) * HeadCount * Layout.Size;

    public static CacheShape Of(DecoderSpec spec) =>
        new(spec.LayerCount, spec.KeyValueHeadCount, spec.HeadSize, new(spec), spec.ContextLength);

    /// <summary>Of the decoder's own keys and values, and likewise of what its layers make of the encoded input.</summary>
    public static CacheShape Of(EncoderDecoderSpec spec) =>
        new(spec.DecoderLayerCount, spec.HeadCount, spec.HeadSize, new(spec), spec.ContextLength);
}
