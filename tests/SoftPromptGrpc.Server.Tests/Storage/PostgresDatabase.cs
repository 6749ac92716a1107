using Microsoft.EntityFrameworkCore;
using Npgsql;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>A database on the PostgreSQL of the tests; skips the test where there is none.</summary>
public sealed class PostgresDatabase : TestStore
{
    public override StorageOptions Options { get; } = new()
    {
        Provider = StorageOptions.Postgres,
        ConnectionString = PostgresServer.CreateDatabase(),
        PollInterval = TimeSpan.FromMilliseconds(50),
    };

    protected override DbContextOptionsBuilder Use(DbContextOptionsBuilder options) => options.UsePostgres(Options.ConnectionString);

    protected override void Dispose(bool disposing)
    {
        using var connection = new NpgsqlConnection(Options.ConnectionString);
        NpgsqlConnection.ClearPool(connection);
    }
}
