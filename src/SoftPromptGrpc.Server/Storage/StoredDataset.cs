using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>Examples, or as much of them as has come in. Their bytes are chunks, so that lists never read them.</summary>
internal sealed class StoredDataset : OfTenant
{
    /// <summary>In the order in which uploads began.</summary>
    public long Number { get; set; }

    /// <summary>Of the whole content, in lower-case hexadecimal; something unique while that is not known.</summary>
    public required string Sha256 { get; set; }

    public required string DisplayName { get; set; }
    public required DatasetFormat Format { get; set; }
    public required string InputField { get; set; }
    public required string TargetField { get; set; }

    /// <summary>Bytes that are stored.</summary>
    public long Size { get; set; }

    /// <summary>Of the upload's last message.</summary>
    public required DateTimeOffset ChangeTime { get; set; }

    /// <summary>DatasetReport; null while the upload has not come to its end.</summary>
    public byte[]? Report { get; set; }
}

internal sealed class StoredChunk : OfTenant
{
    public required long DatasetNumber { get; set; }

    /// <summary>Where in the content it begins.</summary>
    public required long Offset { get; set; }

    public required byte[] Content { get; set; }
}
