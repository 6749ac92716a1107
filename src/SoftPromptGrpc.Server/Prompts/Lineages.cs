using System.Reflection;
using Google.Protobuf;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>Where prompts come from, as the protobuf JSON that the store keeps.</summary>
internal static class Lineages
{
    private static readonly string Software =
        $"SoftPromptGrpc {typeof(Lineages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}";

    /// <param name="parent">The job that this one continued; null: none.</param>
    public static string Trained(
        string job, Wire.TrainingSpec spec, string dataSha256, Wire.TrainingResult result, Wire.TrainingJob? parent = null) => Write(
        new Wire.Lineage
        {
            Trained = new() { Job = job, Spec = spec, DataSha256 = dataSha256, Result = result, ParentJob = parent?.Id ?? "" },
            Parent = parent?.Result?.Prompt ?? spec.Initialization.FromPrompt,
        });

    public static string Imported(Wire.ImportedOrigin origin) => Write(new Wire.Lineage { Imported = origin });

    /// <summary>A multitask prompt's tasks; null where they are not known.</summary>
    public static Wire.MultitaskOptions? MultitaskOf(Wire.Lineage? lineage) =>
        lineage?.Trained?.Spec?.Multitask ?? lineage?.Imported?.Multitask;

    public static Wire.Lineage Read(string json) => Wire.Lineage.Parser.ParseJson(json);

    private static string Write(Wire.Lineage lineage)
    {
        lineage.Software = Software;
        return JsonFormatter.Default.Format(lineage);
    }
}
