using SoftPromptGrpc.Cli.Examples;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Demo;

/// <summary>Labelled examples that come with a model.</summary>
internal sealed record DemoTask(string Name, InlineExamples Training, InlineExamples Test)
{
    private static readonly ExampleFields Fields = new("input", "target");

    /// <summary>The distinct targets, in the order of their first example.</summary>
    public IReadOnlyList<string> Labels { get; } = [.. Training.Examples.Select(example => example.Target.Text).Distinct()];

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
        return new DemoTask(task.Name, ReadExamples(task, "train.jsonl"), ReadExamples(task, "test.jsonl"));
    }

    private static InlineExamples ReadExamples(DirectoryInfo task, string name)
    {
        var file = new FileInfo(Path.Combine(task.FullName, name));
        return file.Exists ? ExampleFile.Read(file, Fields) : throw new UsageException($"The task {task.Name} has no {name}.");
    }
}
