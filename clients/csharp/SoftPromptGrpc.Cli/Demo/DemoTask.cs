using Google.Protobuf;
using SoftPromptGrpc.Cli.Examples;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Demo;

/// <summary>Labelled examples that come with a model, and how to train on them.</summary>
/// <param name="Settings">What training.json in the task's folder recommends, a TrainingSpec in protobuf JSON; empty where there is none.</param>
internal sealed record DemoTask(string Name, InlineExamples Training, InlineExamples Test, TrainingSpec Settings)
{
    private static readonly ExampleFields Fields = new("input", "target");

    /// <summary>The distinct targets, in the order of their first example.</summary>
    public IReadOnlyList<string> Labels { get; } = [.. Training.Examples.Select(example => example.Target.Text).Distinct()];

    /// <summary>What one would write without training.</summary>
    public string TextPrompt => Settings.Evaluation?.TextPrompt?.Text
        ?? $"Is this {string.Join(" or ", Labels.Select(label => label.Trim()))}?\n";

    public TrainingSpec ToSpec(string model)
    {
        var spec = new TrainingSpec(Settings) { Model = model, Prompt = Name, Examples = Training };
        spec.Evaluation ??= new EvaluationOptions();
        spec.Evaluation.TextPrompt = Contents.Text(TextPrompt);
        return spec;
    }

    /// <exception cref="UsageException">There is no task, or its files are malformed.</exception>
    public static DemoTask Read(DirectoryInfo model, string? name)
    {
        var tasks = new DirectoryInfo(Path.Combine(model.FullName, "tasks"));
        var task = tasks.Exists
            ? tasks.EnumerateDirectories().OrderBy(folder => folder.Name, StringComparer.Ordinal)
                .FirstOrDefault(folder => name is null || folder.Name == name)
            : null;
        if (task is null)
            throw new UsageException($"{model.Name} has no task {name}".TrimEnd() + ".");
        return new DemoTask(task.Name, ReadExamples(task, "train.jsonl"), ReadExamples(task, "test.jsonl"), ReadSettings(task));
    }

    private static InlineExamples ReadExamples(DirectoryInfo task, string name)
    {
        var file = new FileInfo(Path.Combine(task.FullName, name));
        return file.Exists ? ExampleFile.Read(file, Fields) : throw new UsageException($"The task {task.Name} has no {name}.");
    }

    private static TrainingSpec ReadSettings(DirectoryInfo task)
    {
        var file = new FileInfo(Path.Combine(task.FullName, "training.json"));
        if (!file.Exists)
            return new TrainingSpec();
        try
        {
            using var reader = file.OpenText();
            return JsonParser.Default.Parse<TrainingSpec>(reader);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new UsageException($"{file.Name} of the task {task.Name} is no TrainingSpec: {exception.Message}");
        }
    }
}
