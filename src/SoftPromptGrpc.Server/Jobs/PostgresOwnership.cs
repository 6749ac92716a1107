using Microsoft.Extensions.Options;
using Npgsql;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>
/// A lock of a database session for each job that runs: it ends with the connection, so that a server that dies gives up its jobs at
/// once, without clocks or leases. A pool that shares sessions (PgBouncer) must not stand between.
/// </summary>
internal sealed class PostgresOwnership(IOptions<StorageOptions> options) : IJobOwnership
{
    private readonly string _connectionString = new NpgsqlConnectionStringBuilder(options.Value.ConnectionString)
    {
        Pooling = false,
        KeepAlive = 10, // Seconds. Both sides notice a broken line although nothing is asked.
    }.ToString();

    public bool IsShared => true;

    public async Task<IAsyncDisposable?> TryOwnAsync(long job, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_connectionString);
        var owns = false;
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", connection)
            {
                Parameters = { new() { Value = $"run/{job}" } },
            };
            owns = (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
            return owns ? connection : null;
        }
        finally
        {
            if (!owns)
                await connection.DisposeAsync();
        }
    }
}
