using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>One scheduler for each model and backend, opened when it is first asked for. Safe from several threads.</summary>
internal sealed class BatchSchedulers(
    BackendRegistry backends, IOptions<InferenceOptions> options, ILogger<BatchScheduler> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Model, string Backend), Lazy<Task<BatchScheduler>>> _schedulers = new();

    public string DefaultBackend => options.Value.Backend;

    /// <param name="backend">Empty: the default one.</param>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Unsupported"/>: there is no such backend, or it does not implement the model's architecture.
    /// </exception>
    public async Task<BatchScheduler> GetAsync(BaseModel model, string backend, CancellationToken cancellationToken)
    {
        var key = (model.Id, backend.Length == 0 ? DefaultBackend : backend);
        var opening = _schedulers.GetOrAdd(key, _ => new Lazy<Task<BatchScheduler>>(() => OpenAsync(model, key.Item2)));
        try
        {
            return await opening.Value.WaitAsync(cancellationToken);
        }
        catch when (opening.Value.IsFaulted)
        {
            _schedulers.TryRemove(KeyValuePair.Create(key, opening));
            throw;
        }
    }

    /// <summary>Ends all work with what it has, and takes no more.</summary>
    public async Task StopWorkAsync()
    {
        foreach (var scheduler in await OpenedAsync())
            scheduler.StopWork();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var scheduler in await OpenedAsync())
            await scheduler.DisposeAsync();
        _schedulers.Clear();
    }

    /// <summary>Not bound to one caller's cancellation: others may wait for the same session.</summary>
    private async Task<BatchScheduler> OpenAsync(BaseModel model, string name)
    {
        var backend = backends.Inference(name);
        if (!backend.Supports(model.Spec))
        {
            throw new SoftPromptException(
                ErrorKind.Unsupported, $"Backend '{name}' does not implement the architecture of model '{model.Id}'.")
            {
                Reason = "ARCHITECTURE_UNSUPPORTED",
            };
        }
        var session = await backend.OpenAsync(model, CancellationToken.None);
        logger.SessionOpened(model.Id, name, session.MaxSequences);
        return new BatchScheduler(session, options.Value, logger);
    }

    private async Task<List<BatchScheduler>> OpenedAsync()
    {
        var opened = new List<BatchScheduler>();
        foreach (var opening in _schedulers.Values.Select(lazy => lazy.Value))
        {
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully)
                opened.Add(await opening);
        }
        return opened;
    }
}
