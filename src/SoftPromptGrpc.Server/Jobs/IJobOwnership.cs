namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Which server runs a job: at most one of those that share the store. What a server owns is free when it ends, however it ends.</summary>
internal interface IJobOwnership
{
    /// <summary>Whether other servers may own jobs of this store.</summary>
    bool IsShared { get; }

    /// <returns>Dispose it when the run is over; null: the job is another's, or another run's of this server.</returns>
    Task<IAsyncDisposable?> TryOwnAsync(long job, CancellationToken cancellationToken);
}

/// <summary>The only server of its store.</summary>
internal sealed class SoleOwnership : IJobOwnership
{
    public bool IsShared => false;

    public Task<IAsyncDisposable?> TryOwnAsync(long job, CancellationToken cancellationToken) =>
        Task.FromResult<IAsyncDisposable?>(new Owned());

    private sealed class Owned : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => default;
    }
}
