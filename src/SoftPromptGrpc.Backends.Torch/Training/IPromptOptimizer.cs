using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>Updates a prompt in place. A prompt is a few thousand numbers, so this is plain code over arrays.</summary>
internal interface IPromptOptimizer
{
    /// <param name="step">From 1.</param>
    void Update(Span<float> prompt, ReadOnlySpan<float> gradient, int step, double learningRate);
}

internal static class PromptOptimizer
{
    public static IPromptOptimizer Create(OptimizerSettings settings, int rows, int columns, Moments moments) => settings.Kind switch
    {
        OptimizerKind.AdamW => new AdamW(settings, rows * columns, moments),
        OptimizerKind.Adafactor => new Adafactor(settings, rows, columns, moments),
        OptimizerKind.Sgd => new Sgd(settings, rows * columns, moments),
    };
}
