using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Tests;

/// <summary>Where the bundled model lies: above the folder that the tests run from.</summary>
internal static class ShippedModel
{
    public static string Directory { get; } = Find(AppContext.BaseDirectory);

    public static string Task(string file) => Path.Combine(Directory, "tasks", RecommendationTask.Name, file);

    private static string Find(string below)
    {
        var candidate = Path.Combine(below, "models", "tiny-english");
        return System.IO.Directory.Exists(candidate) ? candidate : Find(Path.GetDirectoryName(below.TrimEnd(Path.DirectorySeparatorChar))!);
    }
}
