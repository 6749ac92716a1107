using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>A version's place among those of its name. A number, since an index on it is then of use to every database.</summary>
internal enum PromptStanding { Newest = 1, Older = 2, Deleted = 3 }

/// <summary>A version of a prompt; its numbers are a <see cref="StoredTensor"/>, so that lists never read them.</summary>
internal sealed class StoredPrompt : OfTenant
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public required int Version { get; set; }
    public required string ModelId { get; set; }
    public required string ModelFingerprint { get; set; }
    public required PromptMethod Method { get; set; }
    public required int VirtualTokens { get; set; }
    public required int Width { get; set; }

    /// <summary>Of its numbers, such as "20x768".</summary>
    public required string Shape { get; set; }

    public required string ContentHash { get; set; }
    public required string Template { get; set; }
    public string Description { get; set; } = "";

    /// <summary>Protobuf JSON.</summary>
    public required string Lineage { get; set; }

    public required DateTimeOffset CreateTime { get; set; }
    public DateTimeOffset? DeleteTime { get; set; }

    public PromptStanding Standing { get; set; } = PromptStanding.Newest;

    /// <summary>Counts the changes: part of the ETag, and checked by every write.</summary>
    public int Revision { get; set; }

    public List<StoredLabel> Labels { get; set; } = [];
    public List<StoredAlias> Aliases { get; set; } = [];
}

internal sealed class StoredLabel : OfTenant
{
    public long PromptId { get; set; }
    public required string Key { get; set; }
    public required string Value { get; set; }
}

/// <summary>A name that points to one version: "prod" in "sentiment@prod".</summary>
internal sealed class StoredAlias : OfTenant
{
    public required string Name { get; set; }
    public required string Alias { get; set; }
    public long PromptId { get; set; }
}

/// <summary>The last version that a name was given: versions are never used again.</summary>
internal sealed class StoredName : OfTenant
{
    public required string Name { get; set; }
    public int LastVersion { get; set; }
}

/// <summary>What a prompt was made of, where that is more than its numbers: the tensors of its method.</summary>
internal sealed class StoredTrainable : OfTenant
{
    public long PromptId { get; set; }
    public required byte[] Content { get; set; }
}

/// <summary>The numbers of every prompt with this content, as little-endian float32.</summary>
internal sealed class StoredTensor
{
    public required string ContentHash { get; set; }
    public required byte[] Values { get; set; }
}
