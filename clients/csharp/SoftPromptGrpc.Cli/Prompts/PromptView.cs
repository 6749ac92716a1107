using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Cli.Training;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptView
{
    public static void Write(Invocation invocation, Prompt prompt)
    {
        if (invocation.Json)
        {
            invocation.Terminal.WriteJson(prompt);
            return;
        }

        var trained = prompt.Lineage?.Trained;
        invocation.Terminal.WriteFields(
            ("prompt", prompt.Reference),
            ("aliases", string.Join(", ", prompt.Aliases)),
            ("description", prompt.Description),
            ("model", prompt.Model),
            ("fingerprint", prompt.ModelFingerprint),
            ("method", Names.Of(prompt.Method)),
            ("virtual tokens", Figures.Count(prompt.VirtualTokens)),
            ("width", Figures.Count(prompt.HiddenSize)),
            ("template", prompt.Template?.Pattern ?? ""),
            ("labels", string.Join(", ", prompt.Labels.Select(label => $"{label.Key}={label.Value}"))),
            ("content hash", prompt.ContentHash),
            ("size", Figures.Bytes(prompt.SizeBytes)),
            ("created", Figures.Time(prompt.CreateTime)),
            ("deleted", Figures.Time(prompt.DeleteTime)),
            ("trained by", trained is null ? "" : $"job {trained.Job}"),
            ("result", TrainingWords.Describe(trained?.Result?.Metrics)),
            ("without prompt", TrainingWords.Describe(trained?.Result?.Baseline?.NoPrompt)),
            ("imported from", prompt.Lineage?.Imported is { } imported ? Names.Of(imported.Format) : ""),
            ("parent", prompt.Lineage?.Parent ?? ""));
    }
}
