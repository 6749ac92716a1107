using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Models;

/// <summary>Reads Hugging Face checkpoints, and remembers their fingerprints in the data directory.</summary>
internal sealed class CheckpointReader(CheckpointDirectories directories, IOptions<ServerOptions> options) : IModelReader
{
    public async Task<BaseModel> ReadAsync(string id, string path, CancellationToken cancellationToken)
    {
        var directory = await directories.FindAsync(path, cancellationToken);
        return await Task.Run(() => ModelLoader.Load(id, directory, Path.Combine(options.Value.DataDirectory, "fingerprints")), cancellationToken);
    }
}
