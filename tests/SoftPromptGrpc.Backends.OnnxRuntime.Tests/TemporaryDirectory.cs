namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("softprompt-onnx-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
