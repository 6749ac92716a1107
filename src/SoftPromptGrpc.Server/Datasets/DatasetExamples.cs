using Microsoft.Extensions.Options;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>Reads datasets for trainings.</summary>
internal sealed class DatasetExamples(DatasetStore store, IOptions<DatasetOptions> options)
{
    /// <param name="id">Of a dataset.</param>
    /// <returns>All of its examples, in their order.</returns>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<IReadOnlyList<Example>> ReadAsync(string id, CancellationToken cancellationToken)
    {
        var dataset = await store.FindAsync(id, cancellationToken);
        var violations = new Violations();
        var reader = ReaderOf(dataset, violations);
        var examples = new List<Example>();
        await foreach (var piece in store.ReadAsync(dataset, cancellationToken))
            examples.AddRange(reader.Read(piece));
        examples.AddRange(reader.End());
        return violations.Any ? throw new SoftPromptException(ErrorKind.Corrupt, $"The dataset '{id}' is damaged.") : examples;
    }

    public ExampleReader ReaderOf(StoredDataset dataset, Violations violations) => new(
        RowParsers.Of(dataset.Format, dataset.InputField, dataset.TargetField),
        new DatasetRows(dataset.Format == DatasetFormat.Csv, options.Value.MaxRowBytes),
        options.Value.MaxRows,
        violations);
}
