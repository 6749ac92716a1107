using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Inference;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>Inference requests to queries. What the queries can hold is checked by who answers them.</summary>
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

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: an enum's value is not known.</exception>
    public static ClassifyQuery ToQuery(this ClassifyRequest request)
    {
        var violations = new Violations();
        violations.Require(Enum.IsDefined(request.Normalization), "normalization", "is no normalization");
        violations.Require(Enum.IsDefined(request.Ensemble), "ensemble", "is no way to combine prompts");
        violations.ThrowIfAny();
        return new ClassifyQuery(
            new TargetQuery(request.Model, "", request.Backend, !request.HasApplyTemplate || request.ApplyTemplate),
            request.Prompts,
            request.Input.ToContent(),
            [.. request.Labels.Select(label => new ClassifyLabel(label.Name.Length > 0 ? label.Name : NameOf(label.Content), label.Content.ToContent()))])
        {
            PerToken = request.Normalization == LabelNormalization.Mean,
            PriorInput = request.PriorInput.ToContent(),
            Vote = request.Ensemble == EnsembleMethod.Vote,
        };
    }

    private static string NameOf(Content? content) => content?.KindCase == Content.KindOneofCase.TokenIds
        ? string.Join(' ', content.TokenIds.Ids)
        : content?.Text ?? "";

    internal static InferenceContent? ToContent(this Content? content) => content?.KindCase switch
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
