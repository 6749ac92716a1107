using Microsoft.Data.Sqlite;
using SoftPromptGrpc.Core;
using static SQLitePCL.raw;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>What callers are told when the store itself fails. Nothing of their change is stored then.</summary>
internal static class StoreFailures
{
    /// <returns>Null: the exception has another cause.</returns>
    public static SoftPromptException? Of(Exception exception) => Find(exception)?.SqliteErrorCode switch
    {
        SQLITE_FULL => new(ErrorKind.Overloaded, "The store's disk is full.", exception) { Reason = "STORE_FULL" },
        SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_IOERR or SQLITE_BUSY =>
            new(ErrorKind.Unavailable, "The store cannot be written to or read from at present.", exception) { Reason = "STORE_UNAVAILABLE" },
        SQLITE_CORRUPT or SQLITE_NOTADB => new(ErrorKind.Corrupt, "The store is damaged.", exception) { Reason = "STORE_DAMAGED" },
        _ => null,
    };

    private static SqliteException? Find(Exception? exception) =>
        exception is null ? null : exception as SqliteException ?? Find(exception.InnerException);
}
