using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>Takes datasets in, a chunk at a time, and reads them once before they may be used.</summary>
internal sealed class DatasetUploads(
    DatasetStore store, DatasetExamples examples, IModelCatalog models, TenantQuotas quotas, IOptions<DatasetOptions> options)
{
    private const int ChunkBytes = 1 << 20;

    /// <param name="pieces">Of at most <see cref="ChunkBytes"/>.</param>
    /// <returns>The new dataset, or the one that has this content.</returns>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Invalid"/>: rows, with their numbers; <see cref="ErrorKind.Overloaded"/>: too large;
    /// <see cref="ErrorKind.Conflict"/>: the offset; <see cref="ErrorKind.Corrupt"/>: the hash; <see cref="ErrorKind.AlreadyExists"/>: the
    /// content is stored with other fields.
    /// </exception>
    public async Task<StoredDataset> UploadAsync(
        DatasetDescription description, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, CancellationToken cancellationToken)
    {
        var model = description.Model.Length > 0 ? await models.GetAsync(description.Model, cancellationToken) : null;
        var dataset = await OpenAsync(description, cancellationToken);
        if (dataset.Report is not null)
            return dataset;
        var canBeContinued = description.Sha256.Length > 0;
        try
        {
            await ReceiveAsync(dataset, pieces, canBeContinued, cancellationToken);
            var (sha256, report, violations) = await ExamineAsync(dataset, model, cancellationToken);
            canBeContinued = false;
            if (description.Sha256.Length > 0 && description.Sha256 != sha256)
                throw new SoftPromptException(ErrorKind.Corrupt, $"The content's SHA-256 is {sha256}, not {description.Sha256}.");
            violations.ThrowIfAny();
            if (description.Sha256.Length == 0 && await store.FindContentAsync(sha256, cancellationToken) is { Report: not null } same)
            {
                await store.DropAsync(dataset);
                return Require(same, description);
            }
            await store.CompleteAsync(dataset, sha256, report, cancellationToken);
            return dataset;
        }
        catch (Exception error) when (!canBeContinued || error is SoftPromptException { Kind: not ErrorKind.Conflict })
        {
            await store.DropAsync(dataset);
            throw;
        }
    }

    private async Task<StoredDataset> OpenAsync(DatasetDescription description, CancellationToken cancellationToken)
    {
        var stored = description.Sha256.Length > 0 ? await store.FindContentAsync(description.Sha256, cancellationToken) : null;
        if (stored is { Report: not null })
            return Require(stored, description);
        if (stored is not null && description.ResumeOffset == stored.Size && IsSame(stored, description))
            return stored;
        if (description.ResumeOffset != 0)
            throw WrongOffset(stored is not null && IsSame(stored, description) ? stored.Size : 0);
        if (stored is not null)
            await store.DropAsync(stored);
        return await store.BeginAsync(description, options.Value.ResumeWindow, cancellationToken);
    }

    private async Task ReceiveAsync(
        StoredDataset dataset, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, bool canBeContinued, CancellationToken cancellationToken)
    {
        using var waiting = new MemoryStream();
        async Task StoreAsync(CancellationToken ct)
        {
            if (waiting.Length == 0)
                return;
            quotas.RequireDatasetBytes(await store.StoredBytesAsync(ct), waiting.Length);
            await store.AppendAsync(dataset, waiting.ToArray(), ct);
            waiting.SetLength(0);
        }
        try
        {
            await foreach (var piece in pieces.WithCancellation(cancellationToken))
            {
                if (dataset.Size + waiting.Length + piece.Length > options.Value.MaxBytes)
                    throw TooLarge();
                if (waiting.Length + piece.Length > ChunkBytes)
                    await StoreAsync(cancellationToken);
                waiting.Write(piece.Span);
            }
        }
        catch (Exception error) when (canBeContinued && error is not SoftPromptException)
        {
            await StoreAsync(CancellationToken.None);
            throw;
        }
        await StoreAsync(cancellationToken);
    }

    private async Task<(string Sha256, DatasetReport Report, Violations Violations)> ExamineAsync(
        StoredDataset dataset, BaseModel? model, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var (reader, counter) = (examples.ReaderOf(dataset, violations), model is null ? null : new TokenCounter(model, violations));
        using var summary = new DatasetSummary();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Look(IEnumerable<Example> some)
        {
            foreach (var example in some)
                summary.Add(example, counter?.Count(example, reader.Row), isEvaluation: false);
        }
        await foreach (var chunk in store.ReadAsync(dataset, cancellationToken))
        {
            hash.AppendData(chunk);
            Look(reader.Read(chunk));
        }
        Look(reader.End());
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), summary.ToReport(warnsOfNoEvaluation: false), violations);
    }

    private static bool IsSame(StoredDataset stored, DatasetDescription description) =>
        (stored.Format, stored.InputField, stored.TargetField) == (description.Format, description.InputField, description.TargetField);

    private static StoredDataset Require(StoredDataset stored, DatasetDescription description) => IsSame(stored, description)
        ? stored
        : throw new SoftPromptException(
            ErrorKind.AlreadyExists, $"This content is stored as dataset '{DatasetStore.IdPrefix}{stored.Sha256}' with another format or other fields.");

    private static SoftPromptException WrongOffset(long right) =>
        new(ErrorKind.Conflict, $"resume_offset must be {right}: that is what is stored of this content.")
        {
            Reason = "RESUME_OFFSET_WRONG",
            Metadata = new Dictionary<string, string> { ["resume_offset"] = $"{right}" },
        };

    private SoftPromptException TooLarge() =>
        new(ErrorKind.Overloaded, $"A dataset may have at most {options.Value.MaxBytes} bytes.")
        {
            Reason = "DATASET_TOO_LARGE",
            Quota = new Quota("Datasets:MaxBytes", quotas.Tenant, options.Value.MaxBytes, null),
        };
}
