using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>
/// What every SQLite connection runs under: a commit that returned survives a loss of power, readers never wait for the writer,
/// and writers wait for each other. Pages that readers share are mapped, not copied.
/// </summary>
internal sealed class SqliteSettings : DbConnectionInterceptor
{
    private const string Pragmas = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
        + "PRAGMA mmap_size = 268435456;";

    /// <summary>Native connections that have them: a pool gives the same ones out again and again.</summary>
    private static readonly ConditionalWeakTable<object, object> Settled = [];

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        if (IsSettled(connection))
            return;
        using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        command.ExecuteNonQuery();
        Settle(connection);
    }

    public override async Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        if (IsSettled(connection))
            return;
        await using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        await command.ExecuteNonQueryAsync(cancellationToken);
        Settle(connection);
    }

    private static bool IsSettled(DbConnection connection) => Settled.TryGetValue(((SqliteConnection)connection).Handle!, out _);

    private static void Settle(DbConnection connection) => Settled.TryAdd(((SqliteConnection)connection).Handle!, connection.ConnectionString);
}
