using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptExportCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var reference = new Argument<string>("PROMPT") { Description = """Such as "sentiment" or "sentiment@3".""" };
        var output = new Option<string>("--output", "-o")
        {
            Description = "A .zip file or a directory (PEFT), or a .npy file. Default: a .zip named after the prompt.",
            HelpName = "PATH",
        };
        var force = new Option<bool>("--force") { Description = "Replaces what is there." };
        return new Command("export", "Writes a prompt in the format of PEFT or NumPy.") { reference, output, force }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                await using var content = ScratchFile.Create();
                var path = invocation.Get(output);
                var header = await invocation.Client.ExportPromptAsync(
                    invocation.Get(reference), Format(path), content, cancellationToken);
                content.Position = 0;
                path = await PlaceAsync(content, path ?? FileName(header), invocation.Get(force), cancellationToken);
                if (invocation.Json)
                    invocation.Terminal.WriteJson(header);
                else
                    invocation.Terminal.WriteLine($"Wrote {header.Prompt.Reference} to {path}.");
                return ExitCode.Ok;
            });
    }

    private static bool IsFile(string path) => Path.GetExtension(path) is ".zip" or ".npy";

    private static AdapterFormat Format(string? path) =>
        Path.GetExtension(path) == ".npy" ? AdapterFormat.Npy : AdapterFormat.PeftZip;

    private static string FileName(ExportHeader header) =>
        AdapterFiles.IsPlainName(header.FileName) && IsFile(header.FileName) ? header.FileName : "prompt.zip";

    private static async Task<string> PlaceAsync(Stream content, string path, bool force, CancellationToken cancellationToken)
    {
        if (!force && (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())))
            throw new UsageException($"{path} is already there; --force replaces it.");
        if (!IsFile(path))
        {
            await AdapterFiles.UnzipAsync(content, Directory.CreateDirectory(path), cancellationToken);
            return path;
        }

        await using var file = new FileStream(path, force ? FileMode.Create : FileMode.CreateNew, FileAccess.Write);
        await content.CopyToAsync(file, cancellationToken);
        return path;
    }
}
