using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Core.Prompts;

/// <summary>A version of a prompt, without its numbers.</summary>
/// <param name="Version">From 1; given by the store.</param>
/// <param name="Width">As <see cref="ServedPrompt.Width"/>.</param>
/// <param name="Shape">As <see cref="ServedPrompt.Shape"/>.</param>
/// <param name="ModelId">The base model's id when the prompt was made.</param>
/// <param name="Lineage">Where it comes from, as the contract's Lineage message in protobuf JSON; opaque to the store.</param>
/// <param name="ETag">Changes with every change.</param>
public sealed record PromptRecord(
    string Name,
    int Version,
    string ModelId,
    string ModelFingerprint,
    PromptMethod Method,
    int VirtualTokens,
    int Width,
    IReadOnlyList<int> Shape,
    string ContentHash,
    TextTemplate Template,
    IReadOnlyDictionary<string, string> Labels,
    string Lineage,
    DateTimeOffset CreateTime,
    string ETag)
{
    /// <summary>Of its numbers, in bytes.</summary>
    public long Size => Shape.Aggregate((long)sizeof(float), (size, length) => size * length);

    public PromptReference Reference => PromptReference.Of(Name, Version);

    public string Description { get; init; } = "";

    /// <summary>Names that point to this version, such as "prod".</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Set when deleted.</summary>
    public DateTimeOffset? DeleteTime { get; init; }
}

/// <summary>Prompts by reference. What it has acknowledged survives the process. Safe from several threads.</summary>
public interface IPromptStore
{
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.NotFound"/>.</exception>
    Task<PromptRecord> FindAsync(PromptReference reference, CancellationToken cancellationToken);

    /// <summary>The numbers of a version that <see cref="FindAsync"/> gave. Cheap for prompts in use: a bounded cache by content hash.</summary>
    Task<ServedPrompt> LoadAsync(PromptRecord record, CancellationToken cancellationToken);

    /// <summary>All that the version's method trained; null where that is its numbers and nothing more, or is not known.</summary>
    Task<TrainablePrompt?> LoadTrainableAsync(PromptRecord record, CancellationToken cancellationToken);
}
