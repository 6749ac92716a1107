using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tokenizers;

internal static class TokenizerFile
{
    /// <summary>Null where there is no such file.</summary>
    public static ReadOnlyMemory<byte>? Read(string directory, string name)
    {
        var path = Path.Combine(directory, name);
        if (!File.Exists(path))
            return null;
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > TokenizerLimits.FileBytes)
                throw new SoftPromptException(ErrorKind.Unsupported, $"{name} is larger than {TokenizerLimits.FileBytes >> 20} MiB.");
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SoftPromptException(ErrorKind.Corrupt, $"{name} cannot be read.", exception);
        }
    }
}
