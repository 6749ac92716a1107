using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Models;

/// <summary>Reads Hugging Face checkpoints, and remembers their fingerprints in the data directory.</summary>
internal sealed class CheckpointReader(IOptions<ServerOptions> options) : IModelReader
{
    public Task<BaseModel> ReadAsync(string id, string path, CancellationToken cancellationToken) =>
        Task.Run(() => ModelLoader.Load(id, path, Path.Combine(options.Value.DataDirectory, "fingerprints")), cancellationToken);
}
