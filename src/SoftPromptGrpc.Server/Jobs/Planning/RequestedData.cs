using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Datasets;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <param name="TrainingField">Where violations say that the examples are.</param>
internal sealed record RequestedExamples(
    IReadOnlyList<Wire.Example> Training, string TrainingField, IReadOnlyList<Wire.Example> Evaluation, string EvaluationField);

/// <summary>The examples of a request, whether they came with it or were uploaded before.</summary>
internal sealed class RequestedData(DatasetExamples datasets)
{
    private const string EvaluationField = "spec.evaluation";

    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>: a dataset; <see cref="ErrorKind.Invalid"/>: there is nothing to train on, among all else.
    /// </exception>
    public async Task<RequestedExamples> ReadAsync(Wire.TrainingSpec spec, Violations violations, CancellationToken cancellationToken)
    {
        var isDataset = spec.DataCase == Wire.TrainingSpec.DataOneofCase.Dataset;
        var inline = spec.Examples?.Examples ?? [];
        var evaluation = spec.Evaluation?.Examples?.Examples ?? [];
        var evaluationDataset = spec.Evaluation?.Dataset ?? "";
        violations.Require(isDataset || inline.Count > 0, "spec.examples", "must hold at least one example");
        violations.Require(
            evaluation.Count == 0 || evaluationDataset.Length == 0, $"{EvaluationField}.dataset", "must not stand beside examples");
        if (isDataset || evaluationDataset.Length > 0 || inline.Count == 0)
            violations.ThrowIfAny();
        return new RequestedExamples(
            isDataset ? await datasets.ReadAsync(spec.Dataset, cancellationToken) : inline,
            isDataset ? "spec.dataset" : "spec.examples",
            evaluationDataset.Length > 0 ? await datasets.ReadAsync(evaluationDataset, cancellationToken) : evaluation,
            evaluationDataset.Length > 0 ? $"{EvaluationField}.dataset" : $"{EvaluationField}.examples");
    }
}
