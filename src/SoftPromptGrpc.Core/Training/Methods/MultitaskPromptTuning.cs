using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training.Methods;

/// <summary>A prompt that tasks share, times a matrix of low rank for each of them (Wang et al. 2023), element by element.</summary>
/// <param name="Task">The one whose prompt is served.</param>
public sealed record MultitaskPromptTuning(int TaskCount, int Task = 0, int Rank = 1) : TrainingMethod
{
    public const string Columns = "prefix_task_cols";
    public const string Rows = "prefix_task_rows";

    public override PromptMethod Kind => PromptMethod.MultitaskPromptTuning;

    /// <summary>What is served: the same bits wherever it is computed.</summary>
    public SoftPrompt PromptOf(TrainablePrompt trained)
    {
        var shared = trained["embedding.weight"].Span;
        var prompt = PromptOf(shared, trained[Columns].Span, trained[Rows].Span, trained.VirtualTokens, Rank, Task);
        return new(trained.VirtualTokens, shared.Length / trained.VirtualTokens, prompt, trained.ModelFingerprint);
    }

    /// <param name="shared">[virtual tokens, hidden size].</param>
    /// <param name="columns">[tasks, virtual tokens, rank].</param>
    /// <param name="rows">[tasks, rank, hidden size].</param>
    /// <returns>[virtual tokens, hidden size].</returns>
    public static float[] PromptOf(
        ReadOnlySpan<float> shared, ReadOnlySpan<float> columns, ReadOnlySpan<float> rows, int virtualTokens, int rank, int task)
    {
        var width = shared.Length / virtualTokens;
        var prompt = new float[shared.Length];
        for (var i = 0; i < prompt.Length; i++)
        {
            var factor = 0f;
            for (var r = 0; r < rank; r++)
                factor += columns[(task * virtualTokens + i / width) * rank + r] * rows[(task * rank + r) * width + i % width];
            prompt[i] = shared[i] * factor;
        }
        return prompt;
    }

    public override IReadOnlyList<TensorSlot> Tensors(ModelSpec spec, int virtualTokens) =>
    [
        Embedding(virtualTokens, spec.EmbeddingSize),
        new(Columns, [TaskCount, virtualTokens, Rank]),
        new(Rows, [TaskCount, Rank, spec.EmbeddingSize]),
    ];
}
