using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>What a client says of the bytes that follow.</summary>
/// <param name="Model">Empty: tokens are not counted.</param>
/// <param name="Sha256">Of the content, in lower-case hexadecimal; empty: not known.</param>
/// <param name="ResumeOffset">How many bytes the store has already.</param>
internal sealed record DatasetDescription(
    string DisplayName, DatasetFormat Format, string InputField, string TargetField, string Model, string Sha256, long ResumeOffset);
