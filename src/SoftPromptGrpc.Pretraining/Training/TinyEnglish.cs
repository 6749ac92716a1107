using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Pretraining.Training;

/// <summary>The bundled model's shape: a small Llama.</summary>
internal static class TinyEnglish
{
    public const int VocabularySize = 3072;

    public const int ContextLength = 512;

    /// <summary>Documents that the tokenizer is learned from.</summary>
    public const int TokenizerDocuments = 30_000;

    private const int HeadSize = 32;

    public static DecoderSpec Spec(int vocabularySize, int layers = 4, int hiddenSize = 192) => new()
    {
        ModelType = "llama",
        VocabularySize = vocabularySize,
        HiddenSize = hiddenSize,
        LayerCount = layers,
        HeadCount = hiddenSize / HeadSize,
        KeyValueHeadCount = hiddenSize / HeadSize / 3,
        HeadSize = HeadSize,
        MlpSize = hiddenSize * 8 / 3,
        ContextLength = ContextLength,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Positions = PositionKind.Rotary,
        Rotary = new RotarySpec(10_000, HeadSize),
        Residual = ResidualKind.Sequential,
        Activation = ActivationKind.Silu,
        GatedMlp = true,
        AttentionBias = false,
        AttentionOutputBias = false,
        MlpBias = false,
        TiedHead = true,
    };
}
