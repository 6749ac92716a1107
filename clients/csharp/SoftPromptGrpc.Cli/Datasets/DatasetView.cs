using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Datasets;

internal static class DatasetView
{
    private const int MostLabels = 10;

    public static void Write(Invocation invocation, Dataset dataset)
    {
        if (invocation.Json)
        {
            invocation.Terminal.WriteJson(dataset);
            return;
        }
        var report = dataset.Report;
        invocation.Terminal.WriteFields(
            ("dataset", dataset.Id),
            ("name", dataset.DisplayName),
            ("size", Figures.Bytes(dataset.SizeBytes)),
            ("created", Figures.Time(dataset.CreateTime)),
            ("examples", Figures.Count(report.ExampleCount)),
            ("input tokens", Lengths(report.InputTokens)),
            ("target tokens", Lengths(report.TargetTokens)),
            ("duplicates", Figures.Count(report.DuplicateCount)),
            ("contradictory", Figures.Count(report.ContradictoryCount)),
            ("empty inputs", Figures.Count(report.EmptyInputCount)),
            ("labels", Labels(report)),
            ("worth a look", string.Join("; ", report.Warnings)));
    }

    private static string Lengths(LengthSummary? lengths) => lengths is null
        ? ""
        : $"{lengths.Min} to {lengths.Max}, half up to {lengths.P50}, 90 % up to {lengths.P90}, 99 % up to {lengths.P99}";

    private static string Labels(DatasetReport report) => string.Join(
        ", ", report.Labels.Take(MostLabels).Select(label => $"{label.Label.Text} {Figures.Count(label.Count)}"));
}
