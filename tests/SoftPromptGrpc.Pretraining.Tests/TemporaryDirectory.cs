namespace SoftPromptGrpc.Pretraining.Tests;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pretraining").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
