using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace SoftPromptGrpc.Server.Storage;

internal static class ConstraintErrors
{
    private const int SqliteConstraint = 19;

    /// <summary>Whether rows of somebody else stand in the way, or are not there any more; not that the store is broken.</summary>
    public static bool IsConstraint(this DbUpdateException error) => error is DbUpdateConcurrencyException
        || error.InnerException is SqliteException { SqliteErrorCode: SqliteConstraint } or PostgresException { SqlState: ['2', '3', ..] };
}
