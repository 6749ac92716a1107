namespace SoftPromptGrpc.Server.Hosting;

/// <summary>
/// Whether the server takes requests: not before its models are ready, and never again once it stops. Safe from several threads.
/// </summary>
internal sealed class Readiness
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = New();

    public Readiness(IHostApplicationLifetime lifetime) => lifetime.ApplicationStopping.Register(Stop);

    public bool IsReady { get; private set; }

    public bool IsStopping { get; private set; }

    /// <summary>Completes at the next change after this call.</summary>
    public Task NextChange
    {
        get
        {
            lock (_lock)
                return _changed.Task;
        }
    }

    /// <summary>A model got further: those who wait for a change may look again.</summary>
    public void Moved() => Change(() => { });

    public void Ready() => Change(() => IsReady = !IsStopping);

    private void Stop() => Change(() => (IsReady, IsStopping) = (false, true));

    private void Change(Action change)
    {
        TaskCompletionSource before;
        lock (_lock)
        {
            change();
            before = _changed;
            _changed = New();
        }
        before.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
