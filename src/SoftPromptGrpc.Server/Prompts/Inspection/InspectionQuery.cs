using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Inference;

namespace SoftPromptGrpc.Server.Prompts.Inspection;

/// <param name="Input">Null: none, which is a violation.</param>
/// <param name="Target">Null: none, which is a violation.</param>
internal sealed record InspectionExample(InferenceContent? Input, InferenceContent? Target);

/// <param name="Nearest">Tokens for each virtual token.</param>
/// <param name="CompareWith">References.</param>
/// <param name="Examples">What importance and metrics are measured on; none: they are not.</param>
internal sealed record InspectionQuery(
    string Prompt, int Nearest, IReadOnlyList<string> CompareWith, IReadOnlyList<InspectionExample> Examples);

/// <param name="DuplicateOf">-1: none.</param>
/// <param name="Importance">Loss without it minus loss with it.</param>
internal sealed record InspectedToken(double Norm, IReadOnlyList<NearToken> Nearest, int DuplicateOf, double? Importance);

internal sealed record Similarity(PromptReference Prompt, double Cosine);

/// <param name="VocabularyNorms">Null where virtual tokens are no embeddings.</param>
/// <param name="Soft">On the examples.</param>
/// <param name="Projected">With the nearest tokens in place of the virtual ones.</param>
internal sealed record InspectionResult(
    Target Target,
    IReadOnlyList<InspectedToken> Tokens,
    Norms? VocabularyNorms,
    IReadOnlyList<Similarity> Similarities,
    EvaluationResult? Soft,
    EvaluationResult? Projected)
{
    public Norms PromptNorms => Norms.Of([.. Tokens.Select(token => token.Norm)]);
}
