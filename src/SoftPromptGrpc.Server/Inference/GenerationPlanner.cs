using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Limits;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>Turns a query into a checked plan.</summary>
internal sealed class GenerationPlanner(TargetResolver targets, TenantQuotas quotas)
{
    private const int DefaultMaxNewTokens = 256;

    /// <exception cref="Core.SoftPromptException">Everything that is wrong with the query, at once.</exception>
    public async Task<(Target Target, GenerationPlan Plan)> PlanAsync(GenerationQuery query, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        GenerationRules.Check(query, violations);
        var target = await targets.ResolveAsync(query.Target, violations, cancellationToken);
        var template = query.Target.ApplyTemplate ? target.Template : TextTemplate.None;
        var input = ContentEncoder.Encode(query.Input, "input", target.Model, template, addSpecialTokens: true, violations);
        target.RequireInput(input, violations);
        var shared = ContentEncoder.CountShared(input, query.Input, target.Model, template);
        var start = SequenceStart.Of(target.Model.Spec, target.Prompt, input, shared);
        var room = start.RoomIn(target.Model.Spec);
        if (RequireRoom(target, input, room, violations))
            GenerationRules.Check(query.Settings, target.Model, room, violations);
        var stops = StopSequences(query, target, violations);
        violations.ThrowIfAny();
        var most = query.Settings.MaxNewTokens ?? Math.Max(query.Settings.MinNewTokens, quotas.TokensLeft(input.Length, DefaultMaxNewTokens));
        quotas.RequireTokens((long)input.Length + most);
        return (target, Plan(query, target, start, stops, room, most));
    }

    private static bool RequireRoom(Target target, int[] input, int room, Violations violations) => violations.Require(
        room > 0,
        "input",
        $"its {input.Length} tokens and the prompt's {target.VirtualTokens} leave no room in the context of "
        + $"{target.Model.Spec.ContextLength} positions");

    private static List<int[]> StopSequences(GenerationQuery query, Target target, Violations violations) =>
        [.. query.Settings.StopTokenIds.Select((ids, i) =>
            ContentEncoder.ToIds(ids, $"generation.stop_token_ids[{i}].ids", target.Model, violations))];

    private GenerationPlan Plan(GenerationQuery query, Target target, SequenceStart start, List<int[]> stops, int room, int most)
    {
        var settings = query.Settings;
        return new GenerationPlan
        {
            Start = start,
            Sampling = new SamplingSettings(
                settings.Temperature,
                settings.TopK,
                settings.TopP,
                settings.MinP,
                settings.RepetitionPenalty,
                settings.Seed ?? Random.Shared.NextInt64()),
            Stops = new StopSettings(target.Model.Tokenizer, settings.StopTexts, stops, settings.MinNewTokens),
            EndOfSequence = settings.IgnoreEndOfSequence ? [] : target.Model.Generation.EndOfSequence,
            ForcedFirst = target.Model.OutputBeginning,
            ForcesEnd = target.Model.ForcesEndOfOutput && !settings.IgnoreEndOfSequence,
            MaxNewTokens = Math.Min(most, room),
            EndsWithContext = most > room,
            Alternatives = query.LogProbabilities || query.TopAlternatives > 0 ? query.TopAlternatives : null,
            Priority = query.Priority,
            Tenant = quotas.Tenant,
        };
    }
}
