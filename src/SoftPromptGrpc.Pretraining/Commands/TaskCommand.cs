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
            var task = new SentimentTask(Grammar.Shipped(), parsed.GetValue(Arguments.Seed));
            SentimentTask.Write(task.Examples(Split.Training, TrainingExamples), Path.Combine(directory, "train.jsonl"));
            SentimentTask.Write(task.Examples(Split.HeldOut, TestExamples), Path.Combine(directory, "test.jsonl"));
        });
        return command;
    }
}
