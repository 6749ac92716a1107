using SoftPromptGrpc.Server.Datasets;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <summary>What the examples look like to the model.</summary>
internal static class DatasetReports
{
    public static Wire.DatasetReport Of(PlannedData data)
    {
        using var summary = new DatasetSummary();
        foreach (var example in data.Training)
            summary.Add(example.Source, Lengths(example), isEvaluation: false);
        foreach (var example in data.Evaluation)
            summary.Add(example.Source, Lengths(example), isEvaluation: true);
        return summary.ToReport(warnsOfNoEvaluation: true);
    }

    private static ExampleLengths Lengths(EncodedExample example) =>
        new(example.InputLength, example.Tokens.Target.Length, example.IsTruncated);
}
