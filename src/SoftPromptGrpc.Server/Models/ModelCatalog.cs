using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Models;

/// <summary>The configured models and how far they are. <see cref="ModelLoading"/> moves them on; the catalog owns them then.</summary>
internal sealed class ModelCatalog : IModelCatalog, IDisposable
{
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public ModelCatalog(IOptions<ModelsOptions> options)
    {
        foreach (var model in options.Value.Models)
            _entries.Add(model.Id, new Entry(model.Id));
    }

    public IReadOnlyList<ModelStatus> Models => [.. _entries.Values.Select(entry => entry.Status)];

    public async Task<BaseModel> GetAsync(string id, CancellationToken cancellationToken) =>
        await Find(id).Loaded.Task.WaitAsync(cancellationToken);

    /// <exception cref="SoftPromptException">As <see cref="GetAsync"/>, without waiting for the model.</exception>
    public ModelStatus StatusOf(string id) => Find(id).Status;

    public void SetReady(BaseModel model)
    {
        var entry = _entries[model.Id];
        entry.Status = new ModelStatus(model.Id, ModelState.Ready, model, "");
        entry.Loaded.SetResult(model);
    }

    /// <param name="message">Without paths: callers get to see it.</param>
    public void SetFailed(string id, string message)
    {
        var entry = _entries[id];
        entry.Status = new ModelStatus(id, ModelState.Failed, null, message);
        entry.Loaded.SetException(new SoftPromptException(ErrorKind.Precondition, $"Model '{id}' could not be loaded: {message}")
        {
            Reason = "MODEL_FAILED",
        });
        _ = entry.Loaded.Task.Exception; // Observed: nobody may ever ask for this model.
    }

    public void Dispose()
    {
        foreach (var entry in _entries.Values)
            entry.Status.Model?.Weights.Dispose();
    }

    private Entry Find(string id)
    {
        if (id.Length == 0)
        {
            return _entries.Count == 1
                ? _entries.Values.Single()
                : throw new SoftPromptException([new FieldViolation("model", "must be given: there are several models")]);
        }
        return _entries.TryGetValue(id, out var entry)
            ? entry
            : throw new SoftPromptException(ErrorKind.NotFound, $"There is no model '{id}'.") { Reason = "MODEL_NOT_FOUND" };
    }

    private sealed class Entry(string id)
    {
        public volatile ModelStatus Status = new(id, ModelState.Loading, null, "");

        public TaskCompletionSource<BaseModel> Loaded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
