using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Core.Tests.Models;

internal static class SmallSpec
{
    public static DecoderSpec Value { get; } = new()
    {
        ModelType = "test",
        VocabularySize = 10,
        HiddenSize = 8,
        LayerCount = 2,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadSize = 2,
        MlpSize = 4,
        ContextLength = 16,
        Norm = NormKind.Layer,
        NormEpsilon = 1e-5,
        Positions = PositionKind.Learned,
        Residual = ResidualKind.Sequential,
        Activation = ActivationKind.Gelu,
        GatedMlp = false,
        AttentionBias = true,
        AttentionOutputBias = true,
        MlpBias = true,
        TiedHead = true,
    };

    public static EncoderDecoderSpec EncoderDecoder { get; } = new()
    {
        ModelType = "test",
        VocabularySize = 10,
        HiddenSize = 8,
        LayerCount = 2,
        DecoderLayerCount = 2,
        HeadCount = 4,
        HeadSize = 2,
        MlpSize = 4,
        ContextLength = 16,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-6,
        PostNorm = false,
        EmbeddingNorm = false,
        RelativePositions = new RelativePositions(8, 16),
        Activation = ActivationKind.Relu,
        GatedMlp = false,
        Bias = false,
        AttentionScale = 1,
        TiedHead = true,
        DecoderStart = 0,
    };
}
