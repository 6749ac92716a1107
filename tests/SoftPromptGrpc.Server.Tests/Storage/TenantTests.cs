using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>Two tenants in one store: neither sees, changes or is hindered by what is the other's.</summary>
public abstract class TenantTests : IDisposable
{
    private static readonly PromptReference Name = PromptReference.Parse("same");
    private static readonly SoftPrompt Numbers = new(1, 2, [1, 2], "print");

    private readonly TestStore _file;
    private readonly FakeTenant _caller = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly StoreContexts _contexts;
    private readonly TensorCache _cache = new(1 << 20);
    private readonly PromptStore _prompts;
    private readonly PromptChanges _changes;

    protected TenantTests(TestStore file)
    {
        _file = file;
        _contexts = _file.Open(_caller);
        _prompts = new PromptStore(_contexts, _cache, Unlimited.Quotas, _time);
        _changes = new PromptChanges(_contexts);
    }

    public void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Model_EveryTable_IsFilteredByTenant()
    {
        await using var store = _contexts.CreateDbContext();

        Assert.All(store.Model.GetEntityTypes(), type => Assert.NotEmpty(type.GetDeclaredQueryFilters()));
        Assert.All(
            store.Model.GetEntityTypes().Where(type => type.ClrType != typeof(StoredTensor)),
            type => Assert.True(type.ClrType.IsSubclassOf(typeof(OfTenant))));
    }

    [Fact]
    public async Task Read_PromptOfAnother_IsNotThere()
    {
        var theirs = await AddAsync("a");
        await _changes.UpdateAsync(new PromptUpdate(Name, "") { Aliases = ["prod"] }, _ct);
        _caller.Name = "b";

        await NotFoundAsync(() => _prompts.FindAsync(Name, _ct));
        await NotFoundAsync(() => _prompts.FindAsync(PromptReference.Parse("same@prod"), _ct));
        await NotFoundAsync(() => _prompts.LoadAsync(theirs, _ct));
        Assert.Null(await _prompts.LoadTrainableAsync(theirs, _ct));
        Assert.Equal(0, (await ListAsync()).Total);
        await using var store = _contexts.CreateDbContext();
        Assert.False(await store.Tensors.AnyAsync(_ct));
        Assert.False(await store.Labels.AnyAsync(_ct));
        Assert.False(await store.Aliases.AnyAsync(_ct));
        Assert.False(await store.Names.AnyAsync(_ct));
    }

    [Fact]
    public async Task Change_PromptOfAnother_LeavesItAsItIs()
    {
        var theirs = await AddAsync("a");
        _caller.Name = "b";

        await NotFoundAsync(() => _prompts.DeleteAsync(Name, "", _ct));
        await NotFoundAsync(() => _changes.UpdateAsync(new PromptUpdate(Name, "") { Description = "mine" }, _ct));

        _caller.Name = "a";
        Assert.Equal(theirs.ETag, (await _prompts.FindAsync(Name, _ct)).ETag);
    }

    [Fact]
    public async Task Add_NameAndContentOfAnother_BeginsAtVersionOne()
    {
        await AddAsync("a");
        await AddAsync("a");
        var ours = await AddAsync("b");
        await _changes.UpdateAsync(new PromptUpdate(Name, "") { Aliases = ["prod"] }, _ct);

        Assert.Equal(1, ours.Version);
        Assert.Equal(["prod"], (await _prompts.FindAsync(Name, _ct)).Aliases);
        Assert.Equal(Numbers.ContentHash, (await _prompts.LoadAsync(ours, _ct)).ContentHash);
        _caller.Name = "a";
        Assert.Empty((await _prompts.FindAsync(Name, _ct)).Aliases);
        Assert.Equal(2, Assert.Single((await ListAsync()).Prompts).Version);
    }

    [Fact]
    public async Task Load_ContentThatAnotherHasInTheCache_IsReadForEach()
    {
        var theirs = await AddAsync("a");
        var loaded = await _prompts.LoadAsync(theirs, _ct);
        var ours = await AddAsync("b");

        Assert.Null(_cache.Find("b", Numbers.ContentHash));
        var again = await _prompts.LoadAsync(ours, _ct);

        Assert.Equal(loaded.ContentHash, again.ContentHash);
        Assert.NotEqual(loaded.CacheKey, again.CacheKey);
        Assert.Same(again, await _prompts.LoadAsync(ours, _ct));
    }

    [Fact]
    public async Task Purge_ContentThatAnotherStillHas_StaysForIt()
    {
        await AddAsync("a");
        await _prompts.DeleteAsync(Name, "", _ct);
        var ours = await AddAsync("b");
        _time.Advance(TimeSpan.FromDays(2));
        using var purge = new PromptPurge(
            _contexts, Options.Create(new PromptOptions { UndeleteWindow = TimeSpan.FromDays(1) }), _time, NullLogger<PromptPurge>.Instance);

        Assert.Equal(1, await purge.PurgeAsync(_ct));

        Assert.Equal(Numbers.ContentHash, (await _prompts.LoadAsync(ours, _ct)).ContentHash);
        _caller.Name = "a";
        Assert.Equal(2, (await AddAsync("a")).Version);
    }

    [Fact]
    public async Task Save_RowOfAnotherTenant_IsRefused()
    {
        await using var store = _contexts.CreateDbContext();
        store.Names.Add(new StoredName { Tenant = "b", Name = "n" });

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.SaveChangesAsync(_ct));
    }

    [Fact]
    public async Task Save_RowWithoutATenantToTheWholeStore_IsRefused()
    {
        await using var store = ((IDbContextFactory<WholeStore>)_contexts).CreateDbContext();
        store.Names.Add(new StoredName { Name = "n" });

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.SaveChangesAsync(_ct));
    }

    [Fact]
    public async Task Enter_InBackgroundWork_HoldsForThatWorkAlone()
    {
        var scope = new TenantScope(_caller);
        async Task<string> Work(string tenant)
        {
            scope.Enter(tenant);
            await Task.Yield();
            return scope.Name;
        }

        Assert.Equal(["x", "y"], await Task.WhenAll(Work("x"), Work("y")));
        Assert.Equal(SingleTenant.Default, scope.Name);
    }

    private Task<PromptRecord> AddAsync(string tenant)
    {
        _caller.Name = tenant;
        return _prompts.AddAsync(
            new(Name.Name, "m", Numbers, TextTemplate.None, new Dictionary<string, string> { ["k"] = "v" }, reference => $"{reference}"), _ct);
    }

    private Task<PromptPage> ListAsync() =>
        _prompts.ListAsync(new(new([]), new(PromptOrderField.Name, false), false, false, 10, null, ""), _ct);

    private static async Task NotFoundAsync(Func<Task> act) =>
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SoftPromptException>(act)).Kind);
}

public sealed class SqliteTenantTests() : TenantTests(new StoreFile());

public sealed class PostgresTenantTests() : TenantTests(new PostgresDatabase());
