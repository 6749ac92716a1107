using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Inference;

namespace SoftPromptGrpc.Server.Prompts.Inspection;

/// <summary>Losses of examples behind variants of a prompt: all of them rows of one batch.</summary>
internal sealed class ExampleMeasure(ScoringBatch batch)
{
    /// <summary>What one training step over all examples would report as its evaluation, for each variant.</summary>
    /// <param name="rows">The examples behind the prompt itself.</param>
    /// <param name="variants">In place of the prompt; null: nothing.</param>
    public async Task<IReadOnlyList<EvaluationResult>> RunAsync(
        Target target, IReadOnlyList<ScoringRow> rows, IEnumerable<ServedPrompt?> variants, CancellationToken cancellationToken)
    {
        // Not to be kept: the next request has another prompt.
        ScoringRow[] all =
        [
            .. variants.SelectMany(variant => rows.Select(row => row with { Start = row.Start with { Prompt = variant, SharedTokens = 0 } })),
        ];
        var scored = await batch.RunAsync(target.Model, "", all, cancellationToken);
        return
        [
            .. scored.Chunk(rows.Count).Select(examples => new EvaluationResult(
                -examples.SelectMany(example => example.LogProbabilities).Average(),
                examples.Average(example => example.IsGreedy ? 1.0 : 0),
                Accuracy: null,
                examples.Length)),
        ];
    }
}
