using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Datasets;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Grpc;

internal static class DatasetMapper
{
    private const int MostNameCharacters = 200;
    private const int MostChunkBytes = 1 << 20;
    private const int HashCharacters = 64;

    public static Dataset ToMessage(this StoredDataset dataset) => new()
    {
        Id = DatasetStore.IdPrefix + dataset.Sha256,
        DisplayName = dataset.DisplayName,
        Format = dataset.Format,
        SizeBytes = dataset.Size,
        CreateTime = dataset.ChangeTime.ToTimestamp(),
        Report = DatasetReport.Parser.ParseFrom(dataset.Report),
    };

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>.</exception>
    public static async Task<DatasetDescription> ReadHeaderAsync(
        IAsyncStreamReader<UploadDatasetRequest> messages, CancellationToken cancellationToken)
    {
        if (!await messages.MoveNext(cancellationToken) || messages.Current.PartCase != UploadDatasetRequest.PartOneofCase.Header)
            throw Invalid("header", "must be in the first message");
        return ToDescription(messages.Current.Header);
    }

    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadChunksAsync(
        IAsyncStreamReader<UploadDatasetRequest> messages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await messages.MoveNext(cancellationToken))
        {
            if (messages.Current.PartCase != UploadDatasetRequest.PartOneofCase.Chunk)
                throw Invalid("chunk", "must be in every message after the first");
            var chunk = messages.Current.Chunk;
            if (chunk.Length > MostChunkBytes)
                throw Invalid("chunk", $"must have at most {MostChunkBytes} bytes, not {chunk.Length}");
            yield return chunk.Memory;
        }
    }

    private static DatasetDescription ToDescription(DatasetHeader header)
    {
        var violations = new Violations();
        var description = new DatasetDescription(
            header.DisplayName,
            header.Format,
            header.InputField.Length > 0 ? header.InputField : "input",
            header.TargetField.Length > 0 ? header.TargetField : "target",
            header.Model,
            header.Sha256.ToLowerInvariant(),
            header.ResumeOffset);
        violations.Require(
            description.Format is DatasetFormat.Jsonl or DatasetFormat.Csv, "header.format", "must be DATASET_FORMAT_JSONL or DATASET_FORMAT_CSV");
        RequireName(description.DisplayName, "header.display_name", violations);
        RequireName(description.InputField, "header.input_field", violations);
        RequireName(description.TargetField, "header.target_field", violations);
        violations.Require(
            description.InputField != description.TargetField, "header.target_field", "must not be the field of the inputs");
        violations.Require(
            description.Sha256.Length == 0 || (description.Sha256.Length == HashCharacters && description.Sha256.All(char.IsAsciiHexDigitLower)),
            "header.sha256", $"must be {HashCharacters} hexadecimal digits");
        violations.Require(description.ResumeOffset >= 0, "header.resume_offset", "must be 0 or more");
        violations.Require(
            description.ResumeOffset == 0 || description.Sha256.Length > 0, "header.sha256", "must be given to continue an upload");
        violations.ThrowIfAny();
        return description;
    }

    private static void RequireName(string name, string field, Violations violations) => violations.Require(
        name.Length <= MostNameCharacters && !name.Any(char.IsControl), field,
        $"must have at most {MostNameCharacters} characters, none of them a control character");

    private static SoftPromptException Invalid(string field, string description) => new([new Core.FieldViolation(field, description)]);
}
