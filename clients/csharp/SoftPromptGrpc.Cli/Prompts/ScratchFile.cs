namespace SoftPromptGrpc.Cli.Prompts;

/// <summary>A file for passing through what may not fit memory; gone when closed.</summary>
internal static class ScratchFile
{
    public static FileStream Create() => new(
        Path.Combine(Path.GetTempPath(), $"softprompt-{Guid.NewGuid():N}"),
        new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        });
}
