using SoftPromptGrpc.Core.Models;
using Xunit;

namespace SoftPromptGrpc.Fixtures;

/// <summary>Every setting of a <see cref="DecoderSpec"/>, on sizes that no real checkpoint has. <see cref="RandomModel"/> fills them.</summary>
public static class RandomSpecs
{
    private static readonly DecoderSpec Small = RandomModel.Small;
    private static readonly DecoderSpec Learned = RandomModel.Learned(ActivationKind.GeluTanh);
    private static readonly float[] Slopes = [0.5f, 0.25f, 0.125f, 0.0625f, 0.7f, 0.3f];

    private static readonly Dictionary<string, DecoderSpec> All = new()
    {
        ["rotary"] = Small,
        ["partial"] = Small with { Rotary = new(10000, 4), Residual = ResidualKind.Parallel },
        ["interleaved"] = Small with { Rotary = new(10000, 6, Interleaved: true), Residual = ResidualKind.ParallelOneNorm },
        ["window"] = Small with { SlidingWindow = 7 },
        ["layers"] = Small with
        {
            LayerCount = 3,
            Rotary = null,
            LayerAttentions = [new(7, new(10000, 12)), new(null, new(500000, 12, new(RotaryScalingKind.Linear, 8))), new(20, null)],
        },
        ["alibi"] = Small with { Positions = PositionKind.Alibi, Rotary = null, Alibi = new(Slopes) },
        ["alibi_rounded"] = Learned with { Positions = PositionKind.Alibi, Alibi = new(Slopes, RoundedToBFloat16: true, Scale: 0.3f) },
        ["soft_caps"] = Small with { AttentionSoftCap = 3, LogitSoftCap = 2, AttentionScale = 0.9, SlidingWindow = 9 },
        ["clip"] = Small with { QueryKeyValueClip = 0.7 },
        ["query_key_norm"] = Small with { QueryKeyNorm = QueryKeyNormKind.PerHead },
        ["query_key_norm_interleaved"] =
            Small with { QueryKeyNorm = QueryKeyNormKind.PerHead, Rotary = new(10000, 8, Interleaved: true), AttentionBias = true },
        ["query_key_norm_whole"] = Small with { QueryKeyNorm = QueryKeyNormKind.WholeWidth, Residual = ResidualKind.OutputNorm },
        ["query_key_layer_norm"] =
            Small with { QueryKeyNorm = QueryKeyNormKind.PerHead, Norm = NormKind.Layer, HeadSize = 16, Rotary = new(10000, 8) },
        ["sandwich"] = Small with { Residual = ResidualKind.Sandwich },
        ["post_norm"] = Learned with { Residual = ResidualKind.PostNorm, FinalNorm = false, EmbeddingSize = 40 },
        ["from_norm"] = Learned with { Residual = ResidualKind.SequentialFromNorm, EmbeddingNorm = true },
        ["no_norm_bias"] = Learned with { NormBias = false, HeadBias = true },
        ["embedding_scale"] = Small with { EmbeddingScale = 5, TiedHead = true },
        ["gelu"] = RandomModel.Learned(ActivationKind.Gelu),
        ["gelu_tanh"] = Learned,
        ["relu"] = RandomModel.Learned(ActivationKind.Relu),
        ["quick_gelu"] = RandomModel.Learned(ActivationKind.QuickGelu),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    public static DecoderSpec Get(string name) => All[name];
}
