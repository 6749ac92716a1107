using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Inference;
using SoftPromptGrpc.Server.Jobs;
using SoftPromptGrpc.Server.Prompts.Inspection;

namespace SoftPromptGrpc.Server.Grpc;

internal static class InspectionMapper
{
    private const int DefaultNearest = 5;

    private const string Caveat =
        "Nearest tokens are no explanation: a prompt can solve its task as well while its nearest tokens spell any other text "
        + "(Khashabi et al. 2021, \"Prompt Waywardness\"). Compare projected_metrics with soft_metrics before reading anything into them.";

    /// <exception cref="Core.SoftPromptException"><see cref="Core.ErrorKind.Invalid"/>: inputs and targets do not pair up.</exception>
    public static InspectionQuery ToQuery(this InspectPromptRequest request)
    {
        var examples = request.Examples ?? new InspectionExamples();
        var violations = new Violations();
        violations.Require(examples.Inputs.Count == examples.Targets.Count, "examples.targets", "must be one for each input");
        violations.ThrowIfAny();
        return new InspectionQuery(
            request.Prompt,
            request.HasNearestCount ? request.NearestCount : DefaultNearest,
            request.CompareWith,
            [.. examples.Inputs.Zip(examples.Targets, (input, target) => new InspectionExample(input.ToContent(), target.ToContent()))]);
    }

    public static InspectPromptResponse ToResponse(this InspectionResult result) => new()
    {
        Prompt = result.Target.Record!.ToMessage(),
        VirtualTokens = { result.Tokens.Select((token, index) => ToMessage(token, index, result.Target)) },
        PromptNorms = ToMessage(result.PromptNorms),
        VocabularyNorms = result.VocabularyNorms is { } norms ? ToMessage(norms) : null,
        Similarities = { result.Similarities.Select(ToMessage) },
        SoftMetrics = result.Soft?.ToMessage(),
        ProjectedMetrics = result.Projected?.ToMessage(),
        Caveat = result.VocabularyNorms is null ? "" : Caveat,
    };

    public static PromptSimilarity ToMessage(this Similarity similarity) =>
        new() { Prompt = similarity.Prompt.ToString(), Cosine = similarity.Cosine };

    private static VirtualToken ToMessage(InspectedToken token, int index, Target target)
    {
        var message = new VirtualToken
        {
            Index = index,
            Norm = token.Norm,
            DuplicateOf = token.DuplicateOf,
            Nearest =
            {
                token.Nearest.Select(near => new NearestToken
                {
                    TokenId = (uint)near.Id,
                    Token = target.Model.Tokenizer?.TokenOf(near.Id) ?? "",
                    Cosine = near.Cosine,
                    Distance = near.Distance,
                }),
            },
        };
        if (token.Importance is { } importance)
            message.Importance = importance;
        return message;
    }

    private static NormSummary ToMessage(Norms norms) => new() { Min = norms.Min, Mean = norms.Mean, Max = norms.Max };
}
