namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>What a multitask prompt is multiplied by, element by element: for each task, columns times rows.</summary>
/// <param name="Columns">[Count, virtual tokens, Rank].</param>
/// <param name="Rows">[Count, Rank, hidden size].</param>
public sealed record PeftTasks(int Count, int Rank, float[] Columns, float[] Rows)
{
    internal float[] Apply(float[] shared, int virtualTokens, int task)
    {
        var width = shared.Length / virtualTokens;
        var prompt = new float[shared.Length];
        for (var i = 0; i < prompt.Length; i++)
        {
            var factor = 0f;
            for (var rank = 0; rank < Rank; rank++)
                factor += Columns[(task * virtualTokens + i / width) * Rank + rank] * Rows[(task * Rank + rank) * width + i % width];
            prompt[i] = shared[i] * factor;
        }
        return prompt;
    }
}
