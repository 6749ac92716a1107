using System.CommandLine;
using SoftPromptGrpc.Cli.Output;

namespace SoftPromptGrpc.Cli.Datasets;

internal static class DatasetCommands
{
    public static Command List(CommandLine commandLine) => new Command("list", "Lists datasets, the newest first.")
        .Runs(commandLine, async (invocation, cancellationToken) =>
        {
            invocation.WriteAll(
                await invocation.Client.ListDatasetsAsync(cancellationToken).ToListAsync(cancellationToken),
                ["DATASET", "NAME", "EXAMPLES", "SIZE", "CREATED (UTC)"],
                dataset =>
                [
                    dataset.Id, dataset.DisplayName, Figures.Count(dataset.Report.ExampleCount), Figures.Bytes(dataset.SizeBytes),
                    Figures.Time(dataset.CreateTime),
                ]);
            return ExitCode.Ok;
        });

    public static Command Show(CommandLine commandLine)
    {
        var id = Id();
        return new Command("show", "Shows a dataset and its report.") { id }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            DatasetView.Write(invocation, await invocation.Client.GetDatasetAsync(invocation.Get(id), cancellationToken));
            return ExitCode.Ok;
        });
    }

    public static Command Delete(CommandLine commandLine)
    {
        var id = Id();
        return new Command("delete", "Deletes a dataset that no unfinished job uses.") { id }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            await invocation.Client.DeleteDatasetAsync(invocation.Get(id), cancellationToken);
            if (!invocation.Json)
                invocation.Terminal.WriteLine("Deleted.");
            return ExitCode.Ok;
        });
    }

    private static Argument<string> Id() => new("DATASET") { Description = "Its id, as 'datasets list' shows it." };
}
