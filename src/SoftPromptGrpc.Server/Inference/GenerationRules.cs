using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>The limits that the contract gives for a generation.</summary>
internal static class GenerationRules
{
    private const int MostStops = 16;
    private const int LongestStopText = 256;
    private const int LongestStopSequence = 64;
    private const int MostAlternatives = 20;
    private const int HighestPriority = 100;

    /// <summary>What can be checked without the model.</summary>
    public static void Check(GenerationQuery query, Violations violations)
    {
        CheckSampling(query.Settings, violations);
        CheckStops(query.Settings, violations);
        CheckLengths(query.Settings, violations);
        violations.Require(
            query.Input is { IsEmpty: false } || query.Target.Prompt.Length > 0, "input", "must be given where there is no prompt");
        violations.Require(
            query.TopAlternatives is >= 0 and <= MostAlternatives, "output.top_alternatives", $"must be between 0 and {MostAlternatives}");
        violations.Require(
            Math.Abs((long)query.Priority) <= HighestPriority, "priority", $"must be between -{HighestPriority} and {HighestPriority}");
    }

    /// <summary>What depends on the model.</summary>
    /// <param name="room">Positions of the context that are left.</param>
    public static void Check(GenerationSettings settings, BaseModel model, int room, Violations violations)
    {
        violations.Require(
            model.Tokenizer is not null || settings.StopTexts.Count == 0,
            "generation.stop_texts",
            $"model '{model.Id}' has no tokenizer: it takes stop_token_ids only");
        if (settings.MaxNewTokens is { } most && most > 0)
            violations.Require(most <= room, "generation.max_new_tokens", $"is {most}, but the context has room for {room}");
        else if (settings.MinNewTokens > 0)
            violations.Require(settings.MinNewTokens <= room, "generation.min_new_tokens", $"the context has room for {room} only");
    }

    private static void CheckSampling(GenerationSettings settings, Violations violations)
    {
        violations.Require(settings.Temperature is >= 0 and <= 100, "generation.temperature", "must be between 0 and 100");
        violations.Require(settings.TopK >= 0, "generation.top_k", "must be 0 or more");
        violations.Require(settings.TopP is > 0 and <= 1, "generation.top_p", "must be over 0 and at most 1");
        violations.Require(settings.MinP is >= 0 and < 1, "generation.min_p", "must be 0 or more and under 1");
        violations.Require(
            settings.RepetitionPenalty is >= 0.01 and <= 100, "generation.repetition_penalty", "must be between 0.01 and 100");
    }

    private static void CheckStops(GenerationSettings settings, Violations violations)
    {
        violations.Require(settings.StopTexts.Count <= MostStops, "generation.stop_texts", $"must be {MostStops} at most");
        for (var i = 0; i < settings.StopTexts.Count; i++)
        {
            violations.Require(
                settings.StopTexts[i].EnumerateRunes().Count() is >= 1 and <= LongestStopText,
                $"generation.stop_texts[{i}]",
                $"must have 1 to {LongestStopText} characters");
        }
        violations.Require(settings.StopTokenIds.Count <= MostStops, "generation.stop_token_ids", $"must be {MostStops} at most");
        for (var i = 0; i < settings.StopTokenIds.Count; i++)
        {
            violations.Require(
                settings.StopTokenIds[i].Count is >= 1 and <= LongestStopSequence,
                $"generation.stop_token_ids[{i}]",
                $"must have 1 to {LongestStopSequence} ids");
        }
    }

    private static void CheckLengths(GenerationSettings settings, Violations violations)
    {
        violations.Require(settings.MaxNewTokens is null or >= 1, "generation.max_new_tokens", "must be 1 or more");
        violations.Require(
            settings.MinNewTokens >= 0 && settings.MinNewTokens <= (settings.MaxNewTokens ?? int.MaxValue),
            "generation.min_new_tokens",
            "must be between 0 and max_new_tokens");
    }
}
