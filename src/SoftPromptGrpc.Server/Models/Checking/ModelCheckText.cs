using System.Collections;
using System.Globalization;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Models.Checking;

/// <summary>A report as lines of "name  value", for people and for grep.</summary>
internal static class ModelCheckText
{
    private const int NameWidth = 14;

    public static void Write(TextWriter output, ModelCheckReport report)
    {
        foreach (var (name, value) in Lines(report))
            output.WriteLine($"{name.PadRight(NameWidth)}{value}");
    }

    private static IEnumerable<(string Name, string Value)> Lines(ModelCheckReport report)
    {
        var checkpoint = report.Checkpoint;
        yield return ("family", checkpoint.ModelType is { } type ? type + (checkpoint.Spec is null ? " (refused)" : "") : "unknown");
        if (checkpoint.Spec is { } spec)
            yield return ("spec", Describe(spec));
        if (report.Model is { } model)
        {
            yield return ("parameters", model.Parameters.ToString("N0", CultureInfo.InvariantCulture));
            yield return ("fingerprint", model.Fingerprint);
        }
        foreach (var (stored, bytes) in checkpoint.StoredTypes)
            yield return ("weights", $"{stored}, {ByteCount.Of(bytes)}");
        yield return ("tokenizer", checkpoint.Tokenizer is { } tokenizer ? Describe(tokenizer) : "none: token ids only");
        foreach (var backend in report.Backends)
            yield return (backend.Purpose, $"{backend.Backend}: {backend.Need ?? "does not implement this model"}");
        if (report.Probe is { } probe)
            yield return ("probe", Describe(probe));
        foreach (var file in checkpoint.Missing)
            yield return ("missing", file);
        foreach (var reason in checkpoint.Refusals.Concat(report.Failures))
            yield return ("refused", reason);
        yield return ("verdict", report.Verdict switch
        {
            CheckVerdict.Sound => "sound",
            CheckVerdict.Refused => "refused",
            CheckVerdict.BackendsDisagree => "the backends disagree",
        });
    }

    /// <summary>Every setting of the spec that is set, by its own name.</summary>
    private static string Describe(ModelSpec spec) => string.Join(", ", spec.GetType().GetProperties()
        .Where(property => property.GetIndexParameters().Length == 0)
        .Select(property => (property.Name, Value: property.GetValue(spec)))
        .Where(setting => setting.Value is not (null or false) and (string or not IEnumerable) && setting.Name != nameof(ModelSpec.ModelType))
        .Select(setting => setting.Value is true
            ? setting.Name
            : string.Create(CultureInfo.InvariantCulture, $"{setting.Name} {setting.Value}")));

    private static string Describe(ITokenizer tokenizer) =>
        $"{tokenizer.VocabularySize} tokens, BOS {Id(tokenizer.BeginningOfSequence)}, EOS {Id(tokenizer.EndOfSequence)}";

    private static string Id(int? token) => token?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static string Describe(ProbeCheck probe) => string.Create(
        CultureInfo.InvariantCulture,
        $"{probe.Tokens} tokens on {string.Join(" and ", probe.Backends)}: "
        + $"{(probe.Difference is { } difference ? $"logits differ by at most {difference:0.0e+0}" : "nothing to compare with")}"
        + $", the largest is {probe.Largest:0.##}");
}
