using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>Content to what is scored. What is wrong with it becomes violations; the result is then of no use.</summary>
internal static class ScoringRows
{
    /// <summary>Where continuations of an input begin.</summary>
    public static SequenceStart Start(
        Target target, InferenceContent? content, string field, bool applyTemplate, Violations violations)
    {
        var template = applyTemplate ? target.Template : TextTemplate.None;
        var input = ContentEncoder.Encode(content, field, target.Model, template, addSpecialTokens: true, violations);
        target.RequireInput(input, violations);
        var shared = ContentEncoder.CountShared(input, content, target.Model, template);
        return SequenceStart.Of(target.Model.Spec, target.Prompt, input, shared);
    }

    /// <param name="end">Appended.</param>
    public static ScoringRow Row(
        Target target, SequenceStart start, InferenceContent? content, string field, ReadOnlySpan<int> end, Violations violations)
    {
        if (!violations.Require(content is { IsEmpty: false }, field, "must have at least one token"))
            return new ScoringRow(start, []);
        int[] ids =
        [
            .. target.Model.OutputBeginning is { } first && content is TextContent ? [first] : Array.Empty<int>(),
            .. ContentEncoder.Encode(content, field, target.Model, TextTemplate.None, addSpecialTokens: false, violations),
            .. end,
        ];
        var room = start.RoomIn(target.Model.Spec);
        violations.Require(ids.Length <= room, field, $"has {ids.Length} tokens, but the context has room for {Math.Max(room, 0)}");
        return new ScoringRow(start, ids);
    }
}
