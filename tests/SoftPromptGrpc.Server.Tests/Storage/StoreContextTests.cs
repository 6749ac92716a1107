using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

public sealed class StoreContextTests : IDisposable
{
    private readonly StoreFile _file = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Migrations_OfThisVersion_CoverTheWholeModel()
    {
        await using var store = await _file.Open().CreateDbContextAsync(_ct);

        Assert.False(store.Database.HasPendingModelChanges());
        Assert.Empty(await store.Database.GetPendingMigrationsAsync(_ct));
    }

    [Fact]
    public async Task Start_FileThatIsNoDatabase_SaysSo()
    {
        await File.WriteAllTextAsync(Path.Combine(_file.Folder, "store.db"), new string('x', 5000), _ct);

        var error = await Assert.ThrowsAsync<IOException>(() => new StoreStartup(_file.Contexts()).StartAsync(_ct));

        Assert.Contains("not a database", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    [InlineData("foreign_keys", "1")]
    public async Task Connection_WhenOpened_IsDurable(string pragma, string expected)
    {
        await using var store = await _file.Open().CreateDbContextAsync(_ct);
        await store.Database.OpenConnectionAsync(_ct);
        await using var command = store.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"PRAGMA {pragma}";

        Assert.Equal(expected, (await command.ExecuteScalarAsync(_ct))?.ToString());
    }
}
