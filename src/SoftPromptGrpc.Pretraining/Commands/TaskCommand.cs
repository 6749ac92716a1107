using System.CommandLine;
using SoftPromptGrpc.Pretraining.Corpus;
using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Commands;

internal static class TaskCommand
{
    private const int TrainingExamples = 600;
    private const int TestExamples = 300;

    public static Command Create()
    {
        var command = new Command("task", "Writes the labelled task beside the model.") { Arguments.Model, Arguments.Seed };
        command.SetAction(parsed =>
        {
            var directory = Arguments.TaskDirectory(parsed.GetValue(Arguments.Model)!);
            Directory.CreateDirectory(directory);
            var (train, test) = new RecommendationTask(Grammar.Shipped(), parsed.GetValue(Arguments.Seed)).Examples(TrainingExamples, TestExamples);
            RecommendationTask.Write(train, Path.Combine(directory, "train.jsonl"));
            RecommendationTask.Write(test, Path.Combine(directory, "test.jsonl"));
        });
        return command;
    }
}
