using System.CommandLine;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.ModelFormats;
using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Commands;

internal static class EvaluateCommand
{
    private static readonly Option<int> Steps = new("--steps") { DefaultValueFactory = _ => 150 };
    private static readonly Option<int> BatchSize = new("--batch-size") { DefaultValueFactory = _ => 16 };
    private static readonly Option<int> VirtualTokens = new("--virtual-tokens") { DefaultValueFactory = _ => 10 };
    private static readonly Option<double> LearningRate = new("--learning-rate") { DefaultValueFactory = _ => 0.1 };
    private static readonly Option<string> TextPrompt = new("--text-prompt") { DefaultValueFactory = _ => PromptTuning.DefaultTextPrompt };

    private static readonly Option<bool> Validation =
        new("--validation") { Description = "Measure on the last quarter of the training examples, kept out of training, instead of the test file." };

    public static Command Create()
    {
        var command = new Command("evaluate", "Trains a soft prompt on the task and compares it with no prompt and a text prompt.")
        {
            Arguments.Model, Arguments.Seed, Steps, BatchSize, VirtualTokens, LearningRate, TextPrompt, Validation,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (directory, log) = (parsed.GetValue(Arguments.Model)!, parsed.InvocationConfiguration.Output);
        var model = ModelLoader.Load("tiny-english", directory);
        using var weights = model.Weights;
        var settings = new PromptTuningSettings(
            parsed.GetValue(Steps), parsed.GetValue(BatchSize), parsed.GetValue(VirtualTokens), parsed.GetValue(LearningRate),
            parsed.GetValue(TextPrompt)!, parsed.GetValue(Arguments.Seed));
        var task = Arguments.TaskDirectory(directory);
        var train = RecommendationTask.Read(Path.Combine(task, "train.jsonl"));
        var kept = train.Count * 3 / 4;
        var trained = parsed.GetValue(Validation)
            ? await PromptTuning.RunAsync(model, [.. train.Take(kept)], [.. train.Skip(kept)], settings, log, cancellationToken)
            : await PromptTuning.RunAsync(model, train, RecommendationTask.Read(Path.Combine(task, "test.jsonl")), settings, log, cancellationToken);
        Print("no prompt", trained.Baseline!.NoPrompt);
        Print("text prompt", trained.Baseline.TextPrompt!);
        Print("soft prompt", trained.Evaluation!);

        void Print(string name, EvaluationResult result) =>
            log.WriteLine(FormattableString.Invariant($"{name}: best label {result.Accuracy:P1}, exact answer {result.ExactMatch:P1}, loss {result.Loss:F3}"));
    }
}
