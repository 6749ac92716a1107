using Google.Protobuf.Collections;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Grpc;

internal static class PromptUpdateMapper
{
    private const int MostAliases = 64;
    private const int LongestDescription = 4096;
    private static readonly string[] Fields = ["labels", "aliases", "description", "delete_time"];

    public static PromptUpdate ToUpdate(this UpdatePromptRequest request)
    {
        var violations = new Violations();
        var reference = PromptReference.TryParse(request.Prompt);
        violations.Require(reference is not null, "prompt", PromptReference.Rule);
        HashSet<string> paths = [.. request.UpdateMask?.Paths ?? []];
        violations.Require(
            paths.Count > 0 && paths.IsSubsetOf(Fields), "update_mask", $"must name at least one field, of {string.Join(", ", Fields)}");
        var values = request.Values ?? new Prompt();
        if (paths.Contains("labels"))
            SpecRules.CheckLabels(values.Labels, violations, "values.labels");
        if (paths.Contains("aliases"))
            CheckAliases(values.Aliases, violations);
        violations.Require(
            !paths.Contains("description") || values.Description.Length <= LongestDescription,
            "values.description", $"must have at most {LongestDescription} characters");
        violations.Require(
            !paths.Contains("delete_time") || values.DeleteTime is null, "values.delete_time", "can only be cleared: DeletePrompt sets it");
        violations.ThrowIfAny();
        return new PromptUpdate(reference!, request.Etag)
        {
            Labels = paths.Contains("labels") ? values.Labels : null,
            Aliases = paths.Contains("aliases") ? values.Aliases : null,
            Description = paths.Contains("description") ? values.Description : null,
            Undelete = paths.Contains("delete_time"),
        };
    }

    private static void CheckAliases(RepeatedField<string> aliases, Violations violations)
    {
        violations.Require(
            aliases.Count <= MostAliases && aliases.Distinct().Count() == aliases.Count,
            "values.aliases", $"must be at most {MostAliases}, each given once");
        violations.Require(
            aliases.All(PromptReference.IsAlias), "values.aliases",
            "must be 1 to 63 characters of a-z, A-Z, 0-9, '.', '_' and '-', beginning with a letter");
    }
}
