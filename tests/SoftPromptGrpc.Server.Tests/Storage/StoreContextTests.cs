using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
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
    public async Task Start_StoreOfTheFirstVersion_KeepsItsPrompts()
    {
        var numbers = new SoftPrompt(2, 3, [1, 2, 3, 4, 5, 6], "print");
        await using (var store = await _file.Contexts().CreateDbContextAsync(_ct))
        {
            await store.GetService<IMigrator>().MigrateAsync("Initial", _ct);
            await store.Database.ExecuteSqlAsync(
                $"INSERT INTO Tensors VALUES ({numbers.ContentHash}, {numbers.Bytes.ToArray()})", _ct);
            await store.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO Prompts (
                    Name, Version, ModelId, ModelFingerprint, Method, VirtualTokens, HiddenSize, ContentHash, Template, Description,
                    Lineage, CreateTime, Revision)
                VALUES
                    ('old', 1, 'm', 'print', 0, 2, 3, {numbers.ContentHash}, {"{input}"}, '', '', 5, 0),
                    ('older', 1, 'm', 'print', 0, 2, 3, {numbers.ContentHash}, {"{input}"}, '', '', 5, 0),
                    ('older', 2, 'm', 'print', 0, 2, 3, {numbers.ContentHash}, {"{input}"}, '', '', 5, 0)
                """, _ct);
        }

        var prompts = new PromptStore(_file.Open(), new TensorCache(0), TimeProvider.System);
        var found = await prompts.FindAsync(PromptReference.Parse("old"), _ct);
        var loaded = Assert.IsType<SoftPrompt>(await prompts.LoadAsync(found, _ct));

        Assert.Equal((PromptMethod.PromptTuning, 2, 3), (found.Method, found.VirtualTokens, found.Width));
        Assert.Equal(numbers.Values.ToArray(), loaded.Values.ToArray());
        var listed = await prompts.ListAsync(new(new([]), new(PromptOrderField.Name, false), false, false, 10, null, ""), _ct);
        Assert.Equal(["old@1", "older@2"], listed.Prompts.Select(prompt => prompt.Reference.ToString()));
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
