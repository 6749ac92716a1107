using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>Updates a tensor in place. A prompt is a few thousand numbers, an encoder some millions: this is plain code over arrays.</summary>
internal interface IPromptOptimizer
{
    /// <param name="step">From 1.</param>
    void Update(Span<float> values, ReadOnlySpan<float> gradient, int step, double learningRate);
}

internal static class PromptOptimizer
{
    /// <param name="idleRows">As in <see cref="TensorSlot"/>.</param>
    public static IPromptOptimizer Create(OptimizerSettings settings, IReadOnlyList<int> shape, TensorMoments moments, int idleRows = 0)
    {
        var length = shape.Aggregate(1, (product, size) => product * size);
        return settings.Kind switch
        {
            OptimizerKind.AdamW => new AdamW(settings, length, moments),
            OptimizerKind.Adafactor when shape.Count == 1 => new Adafactor(settings, new FullSquares(length, moments)),
            OptimizerKind.Adafactor => new Adafactor(
                settings, new FactoredSquares(shape[^2], shape[^1], length, moments), idle: idleRows * shape[^1]),
            OptimizerKind.Sgd => new Sgd(settings, length, moments),
        };
    }
}
