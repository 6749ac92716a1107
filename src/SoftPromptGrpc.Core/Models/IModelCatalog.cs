namespace SoftPromptGrpc.Core.Models;

public enum ModelState { Loading, Ready, Failed }

/// <param name="Model">Set when ready.</param>
/// <param name="Message">Why it failed; otherwise empty.</param>
public sealed record ModelStatus(string Id, ModelState State, BaseModel? Model, string Message);

/// <summary>The base models that the server was configured with. Safe from several threads; models live as long as the host.</summary>
public interface IModelCatalog
{
    /// <summary>Every configured model, in the order of their ids.</summary>
    IReadOnlyList<ModelStatus> Models { get; }

    /// <summary>A model, once it is loaded.</summary>
    /// <param name="id">May be empty when exactly one model is configured.</param>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.Invalid"/> for an empty id with several models;
    /// <see cref="ErrorKind.Precondition"/> when it could not be loaded.
    /// </exception>
    Task<BaseModel> GetAsync(string id, CancellationToken cancellationToken);
}
