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

    public override IReadOnlyList<TensorSlot> Tensors(ModelSpec spec, int virtualTokens) =>
    [
        Embedding(virtualTokens, spec.EmbeddingSize), new(Columns, [TaskCount, virtualTokens, Rank]), new(Rows, [TaskCount, Rank, spec.EmbeddingSize]),
    ];
}
