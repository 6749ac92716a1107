using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Datasets;

internal static class DatasetUploadCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "A .jsonl or .csv file of examples." }.AcceptExistingOnly();
        var name = new Option<string>("--name") { Description = "What people know it by. Default: the file's name." };
        var model = new Option<string>("--model") { Description = "The model that the report counts tokens for. Default: none." };
        var input = new Option<string>("--input-field") { Description = "Property or column of the input. Default: input." };
        var target = new Option<string>("--target-field") { Description = "Property or column of the target. Default: target." };
        return new Command("upload", "Uploads examples, or what is missing of an upload that was interrupted.") { file, name, model, input, target }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var examples = invocation.Get(file);
                var header = new DatasetHeader
                {
                    DisplayName = invocation.Get(name) ?? examples.Name,
                    Format = examples.Extension.Equals(".csv", StringComparison.OrdinalIgnoreCase) ? DatasetFormat.Csv : DatasetFormat.Jsonl,
                    InputField = invocation.Get(input) ?? "",
                    TargetField = invocation.Get(target) ?? "",
                    Model = invocation.Get(model) ?? "",
                };
                await using var content = examples.OpenRead();
                DatasetView.Write(invocation, await invocation.Client.UploadDatasetAsync(header, content, cancellationToken));
                return ExitCode.Ok;
            });
    }
}
