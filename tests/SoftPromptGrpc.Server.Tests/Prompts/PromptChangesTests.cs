using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;

namespace SoftPromptGrpc.Server.Tests.Prompts;

public abstract class PromptChangesTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromDays(7);

    private readonly TestStore _file;
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly StoreContexts _contexts;
    private readonly PromptStore _prompts;
    private readonly PromptChanges _changes;
    private readonly PromptPurge _purge;

    protected PromptChangesTests(TestStore file)
    {
        _file = file;
        _contexts = _file.Open();
        _prompts = new PromptStore(_contexts, new TensorCache(0), Unlimited.Quotas, _time);
        _changes = new PromptChanges(_contexts);
        _purge = new PromptPurge(
            _contexts, Options.Create(new PromptOptions { UndeleteWindow = Window }), _time, NullLogger<PromptPurge>.Instance);
    }

    public void Dispose()
    {
        _purge.Dispose();
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Update_Alias_MovesItAndChangesBothETags()
    {
        var (first, second) = (await AddAsync("a", 1), await AddAsync("a", 2));
        var pointed = await AliasAsync("a@1", "prod", "old");

        var moved = await AliasAsync("a@2", "prod");

        var loser = await FindAsync("a@1");
        Assert.Equal((2, 2), (moved.Version, (await FindAsync("a@prod")).Version));
        Assert.Equal(["prod"], moved.Aliases);
        Assert.Equal(["old"], loser.Aliases);
        Assert.Equal(5, new[] { first.ETag, pointed.ETag, loser.ETag, second.ETag, moved.ETag }.Distinct().Count());
        Assert.Equal(1, (await FindAsync("a@old")).Version);
    }

    [Fact]
    public async Task Update_AliasOfAnotherName_IsAnotherAlias()
    {
        await AddAsync("a", 1);
        await AddAsync("b", 2);
        await AliasAsync("a", "prod");

        await AliasAsync("b", "prod");

        Assert.Equal("a@1", (await FindAsync("a@prod")).Reference.ToString());
        Assert.Equal("b@1", (await FindAsync("b@prod")).Reference.ToString());
    }

    [Fact]
    public async Task Update_AliasThatMovesToAndFro_AlwaysPointsToOneVersion()
    {
        await AddAsync("a", 1);
        await AddAsync("a", 2);
        await AliasAsync("a@1", "prod");
        var moving = Task.Run(
            async () =>
            {
                for (var i = 0; i < 50; i++)
                    await AliasAsync($"a@{1 + (i + 1) % 2}", "prod");
            },
            _ct);

        var seen = new HashSet<int>();
        while (!moving.IsCompleted)
            seen.Add((await FindAsync("a@prod")).Version);

        await moving;
        Assert.All(seen, version => Assert.InRange(version, 1, 2));
        Assert.Equal(1, (await FindAsync("a@prod")).Version);
    }

    [Fact]
    public async Task Update_SameETagFromManyThreads_LetsOneThrough()
    {
        var added = await AddAsync("a", 1);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(
            async () =>
            {
                try
                {
                    await _changes.UpdateAsync(new(PromptReference.Parse("a"), added.ETag) { Description = $"{i}" }, _ct);
                    return $"{i}";
                }
                catch (SoftPromptException exception) when (exception.Kind == ErrorKind.Conflict)
                {
                    return null;
                }
            },
            _ct)));

        Assert.Equal((await FindAsync("a")).Description, Assert.Single(outcomes, outcome => outcome is not null));
    }

    [Fact]
    public async Task Update_LabelsOnly_ReplacesThemAndLeavesTheRest()
    {
        await AddAsync("a", 1);
        await _changes.UpdateAsync(Update("a") with { Description = "d", Labels = Of(("x", "1"), ("y", "2")), Aliases = ["prod"] }, _ct);

        var updated = await _changes.UpdateAsync(Update("a") with { Labels = Of(("y", "3"), ("z", "4")) }, _ct);

        Assert.Equal([("y", "3"), ("z", "4")], updated.Labels.Select(l => (l.Key, l.Value)).Order());
        Assert.Equal(("d", "prod"), (updated.Description, Assert.Single(updated.Aliases)));
        Assert.Equivalent(updated, await FindAsync("a"), strict: true);
    }

    [Fact]
    public async Task Undelete_WithinTheWindow_BringsEverythingBack()
    {
        var added = await AddAsync("a", 1);
        await AliasAsync("a", "prod");
        await _prompts.DeleteAsync(PromptReference.Parse("a"), "", _ct);
        _time.Advance(Window - TimeSpan.FromSeconds(1));

        Assert.Equal(0, await _purge.PurgeAsync(_ct));
        await _changes.UpdateAsync(Update("a@1") with { Undelete = true }, _ct);

        var found = await FindAsync("a@prod");
        Assert.Null(found.DeleteTime);
        Assert.Equal(added.ContentHash, (await _prompts.LoadAsync(found, _ct)).ContentHash);
    }

    [Fact]
    public async Task Update_DeletedPrompt_IsNotFoundUnlessUndeleted()
    {
        await AddAsync("a", 1);
        await _prompts.DeleteAsync(PromptReference.Parse("a"), "", _ct);

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _changes.UpdateAsync(Update("a") with { Description = "d" }, _ct));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public async Task Purge_AfterTheWindow_RemovesThePromptAndNumbersThatNoOtherHas()
    {
        await AddAsync("a", 1);
        await AddAsync("a", 2);
        await AddAsync("b", 2);
        await AliasAsync("a@1", "prod");
        await _prompts.DeleteAsync(PromptReference.Parse("a"), "", _ct);
        _time.Advance(Window);

        Assert.Equal(2, await _purge.PurgeAsync(_ct));

        await Assert.ThrowsAsync<SoftPromptException>(() => _changes.UpdateAsync(Update("a@1") with { Undelete = true }, _ct));
        await using var store = await _contexts.CreateDbContextAsync(_ct);
        Assert.Equal((1, 0), (await store.Tensors.CountAsync(_ct), await store.Aliases.CountAsync(_ct)));
        Assert.Equal(2, (await _prompts.LoadAsync(await FindAsync("b"), _ct)).Values.Span[0]);
        Assert.Equal(3, (await AddAsync("a", 3)).Version);
    }

    [Fact]
    public async Task Purge_MoreThanAreRemovedAtOnce_RemovesThemAll()
    {
        for (var i = 0; i < 101; i++)
            await AddAsync("a", i);
        await _prompts.DeleteAsync(PromptReference.Parse("a"), "", _ct);
        _time.Advance(Window);

        Assert.Equal(101, await _purge.PurgeAsync(_ct));
    }

    private Task<PromptRecord> AddAsync(string name, float number) => _prompts.AddAsync(
        new NewPrompt(name, "m", new SoftPrompt(1, 1, [number], "fingerprint"), TextTemplate.None, Of(), _ => "{}"), _ct);

    private Task<PromptRecord> FindAsync(string reference) => _prompts.FindAsync(PromptReference.Parse(reference), _ct);

    private Task<PromptRecord> AliasAsync(string reference, params string[] aliases) =>
        _changes.UpdateAsync(Update(reference) with { Aliases = aliases }, _ct);

    private static PromptUpdate Update(string reference) => new(PromptReference.Parse(reference), "");

    private static Dictionary<string, string> Of(params (string Key, string Value)[] labels) => labels.ToDictionary(l => l.Key, l => l.Value);
}

public sealed class SqlitePromptChangesTests() : PromptChangesTests(new StoreFile());

public sealed class PostgresPromptChangesTests() : PromptChangesTests(new PostgresDatabase());
