using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Inference;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>Inference requests to queries. Nothing is checked here.</summary>
internal static class InferenceQueryMapper
{
    public static GenerationQuery ToQuery(this InferRequest request) => new(
        new TargetQuery(request.Model, request.Prompt, request.Backend, !request.HasApplyTemplate || request.ApplyTemplate),
        request.Input.ToContent(),
        (request.Generation ?? new GenerationOptions()).ToSettings())
    {
        LogProbabilities = request.Output?.LogProbabilities ?? false,
        TopAlternatives = request.Output?.TopAlternatives ?? 0,
        Priority = request.Priority,
    };

    public static IReadOnlyList<GenerationQuery> ToQueries(this BatchInferRequest request) => [.. request.Requests.Select(ToQuery)];

    public static ScoreQuery ToQuery(this ScoreRequest request) => new(
        new TargetQuery(request.Model, request.Prompt, request.Backend, !request.HasApplyTemplate || request.ApplyTemplate),
        request.Input.ToContent(),
        [.. request.Continuations.Select(ToContent)],
        request.AppendEndOfSequence);

    public static TokenizeQuery ToQuery(this TokenizeRequest request) => new(
        new TargetQuery(request.Model, request.Prompt),
        request.Content.ToContent(),
        !request.HasAddSpecialTokens || request.AddSpecialTokens);

    private static InferenceContent? ToContent(this Content? content) => content?.KindCase switch
    {
        Content.KindOneofCase.Text => new TextContent(content.Text),
        Content.KindOneofCase.TokenIds => new TokenContent(content.TokenIds.Ids),
        _ => null,
    };

    private static GenerationSettings ToSettings(this GenerationOptions options)
    {
        var defaults = new GenerationSettings();
        return new GenerationSettings
        {
            Temperature = options.HasTemperature ? options.Temperature : defaults.Temperature,
            TopK = options.HasTopK ? options.TopK : defaults.TopK,
            TopP = options.HasTopP ? options.TopP : defaults.TopP,
            MinP = options.HasMinP ? options.MinP : defaults.MinP,
            RepetitionPenalty = options.HasRepetitionPenalty ? options.RepetitionPenalty : defaults.RepetitionPenalty,
            StopTexts = options.StopTexts,
            StopTokenIds = [.. options.StopTokenIds.Select(sequence => sequence.Ids)],
            MaxNewTokens = options.HasMaxNewTokens ? options.MaxNewTokens : null,
            MinNewTokens = options.MinNewTokens,
            Seed = options.HasSeed ? options.Seed : null,
            IgnoreEndOfSequence = options.IgnoreEndOfSequence,
        };
    }
}
