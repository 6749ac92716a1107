using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Demo;

/// <summary>How the demo trains: what the model card of the bundled model recommends.</summary>
internal static class DemoSettings
{
    public static TrainingSpec Spec(string model, DemoTask task) => new()
    {
        Model = model,
        Prompt = task.Name,
        VirtualTokens = 10,
        Optimizer = new Optimizer { LearningRate = 0.05 },
        Steps = 120,
        Examples = task.Training,
        Evaluation = new EvaluationOptions { TextPrompt = Contents.Text(TextPrompt(task)) },
    };

    /// <summary>What one would write without training.</summary>
    public static string TextPrompt(DemoTask task) => $"Is this {string.Join(" or ", task.Labels.Select(label => label.Trim()))}?\n";
}
