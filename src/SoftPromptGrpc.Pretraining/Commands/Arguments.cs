using System.CommandLine;
using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Commands;

/// <summary>Options that several commands share. The defaults are those of the bundled model.</summary>
internal static class Arguments
{
    public static Option<long> Seed { get; } = new("--seed") { Description = "Decides corpus, weights and task.", DefaultValueFactory = _ => 1 };

    public static Option<string> Model { get; } =
        new("--model") { Description = "The model's directory.", DefaultValueFactory = _ => Path.Combine("models", "tiny-english") };

    public static string TaskDirectory(string model) => Path.Combine(model, "tasks", RecommendationTask.Name);
}
