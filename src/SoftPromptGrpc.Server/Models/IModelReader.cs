using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Models;

/// <summary>Reads a checkpoint's directory.</summary>
internal interface IModelReader
{
    /// <exception cref="Core.SoftPromptException">The checkpoint does not parse, or its architecture is unknown.</exception>
    Task<BaseModel> ReadAsync(string id, string path, CancellationToken cancellationToken);
}
