namespace SoftPromptGrpc.Server.Jobs;

/// <summary>A job that this server is to run.</summary>
internal sealed record ClaimedJob(JobContent Content, IAsyncDisposable Ownership) : JobContent(Content)
{
    /// <summary>Dispose it at the end of the run: the job is free then.</summary>
    public IAsyncDisposable Ownership { get; } = Ownership;
}
