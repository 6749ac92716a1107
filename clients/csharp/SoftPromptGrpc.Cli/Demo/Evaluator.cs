using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Demo;

/// <summary>Measures how well a prompt, a text in front, or neither answers a task's test examples.</summary>
internal sealed class Evaluator(SoftPromptClient client, string model, DemoTask task)
{
    private const int RowsPerCall = 128;
    private const int MaxAnswerTokens = 16;
    private const int ParallelCalls = 16;

    /// <param name="prompt">A reference; empty: none.</param>
    /// <param name="text">Put in front of every input; may be empty.</param>
    public async Task<Evaluated> EvaluateAsync(string name, string prompt, string text, CancellationToken cancellationToken)
    {
        var inputs = task.Test.Examples.Select(example => text + example.Input.Text).ToList();
        var answers = await AnswerAsync(prompt, inputs, cancellationToken);
        var choices = await ChooseAsync(prompt, inputs, cancellationToken);
        return new Evaluated(
            name,
            Share(choices, (choice, target) => choice == target),
            Share(answers, (answer, target) => answer.Trim() == target.Trim()),
            answers);
    }

    /// <summary>What the model says, greedily.</summary>
    private async Task<IReadOnlyList<string>> AnswerAsync(string prompt, List<string> inputs, CancellationToken cancellationToken)
    {
        var answers = new List<string>(inputs.Count);
        foreach (var chunk in inputs.Chunk(RowsPerCall))
        {
            var rows = await client.BatchInferAsync(chunk.Select(input => Request(prompt, input)), cancellationToken);
            answers.AddRange(rows.Select(row => row.Generation?.Text ?? throw new DemoException(row.Error.Message)));
        }

        return answers;
    }

    /// <summary>Which of the labels is the most probable.</summary>
    private async Task<IReadOnlyList<string>> ChooseAsync(string prompt, List<string> inputs, CancellationToken cancellationToken)
    {
        var choices = new string[inputs.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, inputs.Count), options, async (i, ct) =>
        {
            var request = new ScoreRequest
            {
                Model = model,
                Prompt = prompt,
                Input = Contents.Text(inputs[i]),
            };
            request.Continuations.AddRange(task.Labels.Select(Contents.Text));
            var scores = (await client.ScoreAsync(request, ct)).Continuations;
            choices[i] = task.Labels.Zip(scores).MaxBy(pair => pair.Second.LogProbability).First;
        });
        return choices;
    }

    private InferRequest Request(string prompt, string input) => new()
    {
        Model = model,
        Prompt = prompt,
        Input = Contents.Text(input),
        Generation = new GenerationOptions { MaxNewTokens = MaxAnswerTokens },
    };

    private double Share(IReadOnlyList<string> answers, Func<string, string, bool> isRight) =>
        answers.Zip(task.Test.Examples).Count(pair => isRight(pair.First, pair.Second.Target.Text)) / (double)answers.Count;
}
