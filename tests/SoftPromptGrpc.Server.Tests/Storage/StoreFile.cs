using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>SQLite in a folder of its own.</summary>
public sealed class StoreFile : TestStore
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("softprompt-store").FullName;

    public override StorageOptions Options { get; } = new();

    protected override DbContextOptionsBuilder Use(DbContextOptionsBuilder options) => options.UseStoreFile(Folder);

    /// <summary>What a crash at this moment would leave behind.</summary>
    public void CopyFrom(StoreFile other)
    {
        using var from = Connect(other);
        using var to = Connect(this);
        from.BackupDatabase(to);

        static SqliteConnection Connect(StoreFile file)
        {
            var connection = new SqliteConnection($"Data Source={Path.Combine(file.Folder, "store.db")}");
            connection.Open();
            return connection;
        }
    }

    protected override void Dispose(bool disposing)
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }
}
