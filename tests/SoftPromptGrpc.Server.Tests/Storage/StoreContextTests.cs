using Microsoft.EntityFrameworkCore;

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
