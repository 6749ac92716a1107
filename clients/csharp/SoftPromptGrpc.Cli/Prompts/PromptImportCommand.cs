using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptImportCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var name = new Argument<string>("NAME") { Description = "The prompt's name. An existing one gets a new version." };
        var path = new Argument<FileSystemInfo>("PATH") { Description = "A PEFT adapter (.zip file or directory) or a .npy file." }
            .AcceptExistingOnly();
        var model = new Option<string>("--model") { Description = "The base model. Default: the only one." };
        var template = new Option<string>("--template") { Description = """Text around every input, such as "Review: {input}".""" };
        var labels = Labels.Option();
        var gemma = new Option<bool>("--scale-legacy-gemma")
        {
            Description = "The adapter was made for gemma or gemma2 by a transformers before March 2026.",
        };
        var task = new Option<int?>("--task") { Description = "The task to serve, from 0, of a multitask adapter." };
        return new Command("import", "Reads a prompt that PEFT or NumPy wrote.") { name, path, model, template, labels, gemma, task }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var header = new ImportHeader
                {
                    Prompt = invocation.Get(name),
                    Model = invocation.Get(model) ?? "",
                    Format = invocation.Get(path).Extension == ".npy" ? AdapterFormat.Npy : AdapterFormat.PeftZip,
                    ScaleLegacyGemma = invocation.Get(gemma),
                };
                invocation.IfGiven(task, value => header.Task = value);
                header.Labels.Add(invocation.Get(labels) ?? []);
                if (invocation.Get(template) is { } pattern)
                    header.Template = new TextTemplate { Pattern = pattern };
                await using var content = await OpenAsync(invocation.Get(path), cancellationToken);
                PromptView.Write(invocation, await invocation.Client.ImportPromptAsync(header, content, cancellationToken));
                return ExitCode.Ok;
            });
    }

    private static async Task<Stream> OpenAsync(FileSystemInfo path, CancellationToken cancellationToken)
    {
        if (path is FileInfo file)
            return file.OpenRead();
        var zip = ScratchFile.Create();
        await AdapterFiles.ZipAsync((DirectoryInfo)path, zip, cancellationToken);
        zip.Position = 0;
        return zip;
    }
}
