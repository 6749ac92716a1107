using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>GPT-2's 124 million parameters, random.</summary>
internal static class Gpt2
{
    public static DecoderSpec Spec { get; } = RandomModel.Learned(ActivationKind.GeluTanh) with
    {
        VocabularySize = 50257,
        HiddenSize = 768,
        LayerCount = 12,
        HeadCount = 12,
        KeyValueHeadCount = 12,
        HeadSize = 64,
        MlpSize = 3072,
        ContextLength = 1024,
        TiedHead = true,
    };

    /// <summary>What every generated token multiplies: all but the table of positions; the table of tokens is the head.</summary>
    public static long MultipliedWeights { get; } = DecoderTensors.Of(Spec)
        .Where(tensor => tensor.Name != DecoderTensors.PositionEmbedding)
        .Sum(tensor => tensor.Shape.Aggregate(1L, (count, length) => count * length));

    /// <summary>Of one position.</summary>
    public static int KeysAndValues => 2 * Spec.LayerCount * Spec.KeyValueHeadCount * Spec.HeadSize;

    public static BaseModel Create() => RandomModel.Create(Spec, "124c");
}
