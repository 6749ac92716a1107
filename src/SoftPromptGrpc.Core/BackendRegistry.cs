using System.Collections.Frozen;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Core;

/// <summary>Finds backends by the name that configuration and requests use. Two backends of one kind and name fail at start-up.</summary>
public sealed class BackendRegistry(IEnumerable<ITrainingBackend> training, IEnumerable<IInferenceBackend> inference)
{
    private readonly FrozenDictionary<string, ITrainingBackend> _training = training.ToFrozenDictionary(b => b.Name, StringComparer.Ordinal);
    private readonly FrozenDictionary<string, IInferenceBackend> _inference = inference.ToFrozenDictionary(b => b.Name, StringComparer.Ordinal);

    /// <summary>In the order of their names.</summary>
    public IEnumerable<ITrainingBackend> TrainingBackends => _training.Values.OrderBy(b => b.Name, StringComparer.Ordinal);

    /// <inheritdoc cref="TrainingBackends"/>
    public IEnumerable<IInferenceBackend> InferenceBackends => _inference.Values.OrderBy(b => b.Name, StringComparer.Ordinal);

    public ITrainingBackend Training(string name) =>
        _training.TryGetValue(name, out var backend) ? backend : throw Unknown("training", name, _training.Keys);

    public IInferenceBackend Inference(string name) =>
        _inference.TryGetValue(name, out var backend) ? backend : throw Unknown("inference", name, _inference.Keys);

    private static SoftPromptException Unknown(string kind, string name, IEnumerable<string> known) =>
        new(ErrorKind.Unsupported, $"There is no {kind} backend '{name}'; there is {string.Join(", ", known.Order(StringComparer.Ordinal))}.")
        {
            Reason = "BACKEND_UNKNOWN",
        };
}
