using System.CommandLine;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.ModelFormats;
using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Commands;

internal static class EvaluateCommand
{
    private static readonly Option<int> Steps = new("--steps") { DefaultValueFactory = _ => 120 };
    private static readonly Option<int> BatchSize = new("--batch-size") { DefaultValueFactory = _ => 16 };
    private static readonly Option<int> VirtualTokens = new("--virtual-tokens") { DefaultValueFactory = _ => 10 };
    private static readonly Option<double> LearningRate = new("--learning-rate") { DefaultValueFactory = _ => 0.05 };
    private static readonly Option<string> TextPrompt = new("--text-prompt") { DefaultValueFactory = _ => PromptTuning.DefaultTextPrompt };

    public static Command Create()
    {
        var command = new Command("evaluate", "Trains a soft prompt on the task and compares it with no prompt and a text prompt.")
        {
            Arguments.Model, Arguments.Seed, Steps, BatchSize, VirtualTokens, LearningRate, TextPrompt,
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
        var (train, test) = (SentimentTask.Read(Path.Combine(task, "train.jsonl")), SentimentTask.Read(Path.Combine(task, "test.jsonl")));
        var trained = await PromptTuning.RunAsync(model, train, test, settings, log, cancellationToken);
        Print("no prompt", trained.Baseline!.NoPrompt);
        Print("text prompt", trained.Baseline.TextPrompt!);
        Print("soft prompt", trained.Evaluation!);

        void Print(string name, EvaluationResult result) =>
            log.WriteLine(FormattableString.Invariant($"{name}: accuracy {result.Accuracy:P1}, loss {result.Loss:F3}"));
    }
}
