using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>A prompt that is to become the next version of its name.</summary>
/// <param name="Lineage">Protobuf JSON, once the version is known.</param>
internal sealed record NewPrompt(
    string Name,
    string ModelId,
    ServedPrompt Numbers,
    TextTemplate Template,
    IReadOnlyDictionary<string, string> Labels,
    Func<PromptReference, string> Lineage)
{
    public PromptMethod Method { get; init; } = PromptMethod.PromptTuning;

    /// <summary>What the numbers were made of, where that is more than they are.</summary>
    public TrainablePrompt? Trained { get; init; }
}
