using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Telemetry;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>One scheduler for each model and backend, opened when it is first asked for. Safe from several threads.</summary>
internal sealed class BatchSchedulers : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Model, string Backend), Lazy<Task<BatchScheduler>>> _schedulers = new();
    private readonly BackendRegistry _backends;
    private readonly InferenceOptions _options;
    private readonly ILogger<BatchScheduler> _logger;
    private readonly BatchTelemetry _telemetry;

    public BatchSchedulers(
        BackendRegistry backends, IOptions<InferenceOptions> options, IMeterFactory meters, ILogger<BatchScheduler> logger)
    {
        (_backends, _options, _logger) = (backends, options.Value, logger);
        _telemetry = new BatchTelemetry(meters, Open);
    }

    public string DefaultBackend => _options.Backend;

    /// <summary>The scheduler of a model; a new one with a new session where the former broke.</summary>
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
            var scheduler = await opening.Value.WaitAsync(cancellationToken);
            if (!scheduler.IsBroken)
                return scheduler;
            _schedulers.TryUpdate(key, new Lazy<Task<BatchScheduler>>(() => ReopenAsync(scheduler, model, key.Item2)), opening);
            return await GetAsync(model, backend, cancellationToken);
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

    /// <summary>One session at a time: two may not fit into memory.</summary>
    private async Task<BatchScheduler> ReopenAsync(BatchScheduler broken, BaseModel model, string name)
    {
        await broken.DisposeAsync();
        return await OpenAsync(model, name);
    }

    /// <summary>Not bound to one caller's cancellation: others may wait for the same session.</summary>
    private async Task<BatchScheduler> OpenAsync(BaseModel model, string name)
    {
        var backend = _backends.Inference(name);
        if (!backend.Supports(model.Spec))
        {
            throw new SoftPromptException(
                ErrorKind.Unsupported, $"Backend '{name}' does not implement the architecture of model '{model.Id}'.")
            {
                Reason = "ARCHITECTURE_UNSUPPORTED",
            };
        }
        var session = await backend.OpenAsync(model, CancellationToken.None);
        _logger.SessionOpened(model.Id, name, session.MaxSequences);
        return new BatchScheduler(session, _options, _logger, _telemetry.Steps(model.Id, name));
    }

    private IEnumerable<OpenScheduler> Open() =>
        from entry in _schedulers
        let opening = entry.Value.Value
        where opening.IsCompletedSuccessfully
        select new OpenScheduler(entry.Key.Model, entry.Key.Backend, opening.GetAwaiter().GetResult());

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
