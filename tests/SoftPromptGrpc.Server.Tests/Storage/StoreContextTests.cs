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
    [InlineData("SELECT * FROM StoredLabel WHERE Tenant = 't' AND PromptId = 1", "(PromptId=?)")]
    [InlineData("SELECT * FROM Aliases WHERE Tenant = 't' AND PromptId = 1", "(PromptId=?)")]
    [InlineData("SELECT * FROM StoredLabel WHERE Tenant = 't' AND Key = 'k' AND Value = 'v'", "(Key=? AND Value=? AND Tenant=?)")]
    [InlineData("SELECT * FROM Prompts WHERE Tenant = 't' AND Name = 'n' AND DeleteTime IS NULL ORDER BY Version DESC", "(Tenant=? AND Name=?)")]
    [InlineData("SELECT * FROM Prompts WHERE Tenant = 't' AND Standing = 1 ORDER BY Name LIMIT 9", "(Tenant=? AND Standing=?)")]
    [InlineData("SELECT * FROM Prompts WHERE DeleteTime <= 5 ORDER BY DeleteTime LIMIT 9", "(DeleteTime<?)")]
    [InlineData("SELECT * FROM Events WHERE Tenant = 't' AND JobNumber = 1 AND Sequence > 5 ORDER BY Sequence", "(JobNumber=? AND Sequence>?)")]
    public async Task Query_OfATenant_IsAnsweredByTheIndexForIt(string query, string search)
    {
        await using var store = await _file.Open().CreateDbContextAsync(_ct);
        await store.Database.OpenConnectionAsync(_ct);
        await using var command = store.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {query}";
        await using var plan = await command.ExecuteReaderAsync(_ct);
        Assert.True(await plan.ReadAsync(_ct));

        Assert.EndsWith(search, plan.GetString(3), StringComparison.Ordinal);
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
