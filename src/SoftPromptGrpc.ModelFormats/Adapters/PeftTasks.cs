using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>What a multitask prompt is multiplied by, element by element: for each task, columns times rows.</summary>
/// <param name="Columns">[Count, virtual tokens, Rank].</param>
/// <param name="Rows">[Count, Rank, hidden size].</param>
public sealed record PeftTasks(int Count, int Rank, float[] Columns, float[] Rows)
{
    internal float[] Apply(float[] shared, int virtualTokens, int task) =>
        MultitaskPromptTuning.PromptOf(shared, Columns, Rows, virtualTokens, Rank, task);
}
