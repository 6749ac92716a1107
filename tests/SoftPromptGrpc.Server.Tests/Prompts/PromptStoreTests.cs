using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;

namespace SoftPromptGrpc.Server.Tests.Prompts;

public abstract class PromptStoreTests : IDisposable
{
    private readonly TestStore _file;
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly StoreContexts _contexts;
    private readonly PromptStore _prompts;

    protected PromptStoreTests(TestStore file)
    {
        _file = file;
        _contexts = _file.Open();
        _prompts = new PromptStore(_contexts, new TensorCache(0), Unlimited.Quotas, _time);
    }

    public void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Add_AfterARestart_IsStillThereBitByBit()
    {
        var numbers = Numbers(0.1f, float.MinValue, 1e-45f);
        var added = await _prompts.AddAsync(New("a", numbers, ("team", "x")), _ct);

        var reopened = new PromptStore(_file.Open(), new TensorCache(0), Unlimited.Quotas, _time);
        var found = await reopened.FindAsync(PromptReference.Parse("a"), _ct);
        var loaded = await reopened.LoadAsync(found, _ct);

        Assert.Equal("a@1", added.Reference.ToString());
        Assert.Equal("of a@1", found.Lineage);
        Assert.Equal("x", found.Labels["team"]);
        Assert.Equal(_time.GetUtcNow(), found.CreateTime);
        Assert.Equal(numbers.Values.ToArray(), loaded.Values.ToArray());
        Assert.Equal(numbers.ContentHash, found.ContentHash);
        Assert.Equal(added.ETag, found.ETag);
    }

    [Fact]
    public async Task Add_Prefix_IsStillOneAfterARestart()
    {
        var prefix = new KeyValuePrefix(2, 1, 3, 2, [.. Enumerable.Range(0, 24).Select(i => i / 7f)], "fingerprint");
        await _prompts.AddAsync(New("a", prefix) with { Method = PromptMethod.PrefixTuning }, _ct);

        var reopened = new PromptStore(_file.Open(), new TensorCache(0), Unlimited.Quotas, _time);
        var found = await reopened.FindAsync(PromptReference.Parse("a"), _ct);
        var loaded = Assert.IsType<KeyValuePrefix>(await reopened.LoadAsync(found, _ct));

        Assert.Equal((PromptMethod.PrefixTuning, 3, 2, 96), (found.Method, found.VirtualTokens, found.Width, found.Size));
        Assert.Equal(prefix.ContentHash, loaded.ContentHash);
        Assert.Equal(prefix.LayerKeys(1).ToArray(), loaded.LayerKeys(1).ToArray());
    }

    [Fact]
    public async Task Add_AfterTheNewestWasDeleted_DoesNotUseItsVersionAgain()
    {
        await AddAsync("a", "a");
        await _prompts.DeleteAsync(PromptReference.Parse("a@2"), "", _ct);

        Assert.Equal(1, (await _prompts.FindAsync(PromptReference.Parse("a"), _ct)).Version);
        Assert.Equal(3, (await _prompts.AddAsync(New("a", Numbers(5)), _ct)).Version);
    }

    [Fact]
    public async Task Add_FromManyThreads_GivesEveryVersionOnce()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => _prompts.AddAsync(New("a", Numbers(i)), _ct), _ct)));

        Assert.Equal(Enumerable.Range(1, 20), added.Select(p => p.Version).Order());
    }

    [Theory]
    [InlineData("b")]
    [InlineData("a@3")]
    [InlineData("a@prod")]
    public async Task Find_Unknown_IsNotFound(string reference)
    {
        await AddAsync("a");

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _prompts.FindAsync(PromptReference.Parse(reference), _ct));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.Contains($"'{reference}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_Alias_GivesTheVersionItPointsTo()
    {
        await AddAsync("a", "a", "b");
        await using var store = await _contexts.CreateDbContextAsync(_ct);
        store.Aliases.Add(new StoredAlias { Name = "a", Alias = "prod", PromptId = 1 });
        await store.SaveChangesAsync(_ct);

        var found = await _prompts.FindAsync(PromptReference.Parse("a@prod"), _ct);

        Assert.Equal(1, found.Version);
        Assert.Equal(["prod"], found.Aliases);
    }

    [Fact]
    public async Task Load_DamagedNumbers_IsCorrupt()
    {
        var added = await _prompts.AddAsync(New("a", Numbers(1)), _ct);
        await using var store = await _contexts.CreateDbContextAsync(_ct);
        (await store.Tensors.SingleAsync(_ct)).Values[2] ^= 1;
        store.Entry(await store.Tensors.SingleAsync(_ct)).Property(t => t.Values).IsModified = true;
        await store.SaveChangesAsync(_ct);

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _prompts.LoadAsync(added, _ct));

        Assert.Equal(ErrorKind.Corrupt, error.Kind);
    }

    [Fact]
    public async Task Delete_Name_DeletesEveryVersionButKeepsThemListable()
    {
        await AddAsync("a", "a", "b");

        Assert.Equal(2, await _prompts.DeleteAsync(PromptReference.Parse("a"), "", _ct));

        Assert.Equal(["b@1"], await ListAsync(allVersions: true));
        Assert.Equal(["a@1", "a@2", "b@1"], await ListAsync(allVersions: true, showDeleted: true));
        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _prompts.DeleteAsync(PromptReference.Parse("a"), "", _ct));
        Assert.Equal(ErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public async Task Delete_NewestVersion_ListsTheOneBefore()
    {
        await AddAsync("a", "a", "b");
        Assert.Equal(["a@2", "b@1"], await ListAsync());

        await _prompts.DeleteAsync(PromptReference.Parse("a@2"), "", _ct);

        Assert.Equal(["a@1", "b@1"], await ListAsync());
        Assert.Equal(["a@2", "b@1"], await ListAsync(showDeleted: true));
        await new PromptChanges(_contexts).UpdateAsync(new(PromptReference.Parse("a@2"), "") { Undelete = true }, _ct);
        Assert.Equal(["a@2", "b@1"], await ListAsync());
        await AddAsync("a");
        Assert.Equal(["a@3", "b@1"], await ListAsync());
    }

    [Fact]
    public async Task Delete_AnotherETag_IsAConflictAndDeletesNothing()
    {
        await AddAsync("a");

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _prompts.DeleteAsync(PromptReference.Parse("a"), "old", _ct));

        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Equal(["a@1"], await ListAsync());
    }

    [Fact]
    public async Task Delete_Alias_IsInvalid()
    {
        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _prompts.DeleteAsync(PromptReference.Parse("a@prod"), "", _ct));

        Assert.Equal("prompt", Assert.Single(error.Violations).Field);
    }

    [Theory]
    [InlineData("", "a@2 b@1 c@1")]
    [InlineData("name desc", "c@1 b@1 a@2")]
    [InlineData("create_time", "b@1 c@1 a@2")]
    [InlineData("create_time desc", "a@2 c@1 b@1")]
    [InlineData("version", "b@1 c@1 a@2")]
    [InlineData("version desc", "a@2 c@1 b@1")]
    public async Task List_AnyOrder_IsTheSameInPagesOfOne(string order, string expected)
    {
        await AddAsync("a", "b", "c", "a");

        Assert.Equal(expected.Split(' '), await ListAsync(order: order));
        Assert.Equal(expected.Split(' '), await ListAsync(order: order, pageSize: 1));
    }

    [Theory]
    [InlineData("name = \"a*\"", "ab@1 aB@1 a@1")]
    [InlineData("name = \"ab\"", "ab@1")]
    [InlineData("labels.name = \"b\"", "b@1")]
    [InlineData("model = \"m\" AND name = \"b\"", "b@1")]
    [InlineData("model = \"other\"", "")]
    [InlineData("method = \"prompt_tuning\" AND labels.name = \"ab\"", "ab@1")]
    public async Task List_Filtered_GivesWhatMatches(string filter, string expected)
    {
        await AddAsync("a", "ab", "aB", "b", "A");

        var found = await ListAsync(filter);

        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public async Task List_PromptsAddedAndDeletedBetweenPages_NeitherSkipsNorRepeats()
    {
        await AddAsync("b", "d", "f");
        var first = await PageAsync("", "", "", pageSize: 1);
        await AddAsync("a", "e");
        await _prompts.DeleteAsync(PromptReference.Parse("b"), "", _ct);

        var second = await PageAsync("", "", first.NextPageToken, pageSize: 10);

        Assert.Equal(["d@1", "e@1", "f@1"], second.Prompts.Select(p => p.Reference.ToString()));
        Assert.Equal(4, second.Total);
        Assert.Empty(second.NextPageToken);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AAAA")]
    [InlineData("bnVsbA")]
    [InlineData("e30")]
    public async Task List_MalformedToken_IsInvalid(string token)
    {
        var error = await Assert.ThrowsAsync<SoftPromptException>(() => PageAsync("", "", token, 10));

        Assert.Equal("page_token", Assert.Single(error.Violations).Field);
    }

    [Fact]
    public async Task List_TokenOfAnotherQuery_IsInvalid()
    {
        await AddAsync("a", "b");
        var token = (await PageAsync("", "", "", 1)).NextPageToken;

        await Assert.ThrowsAsync<SoftPromptException>(() => PageAsync("", "name desc", token, 1));
    }

    [Fact]
    public async Task List_ForgedKey_IsInvalid()
    {
        var forged = new PageToken("not a number", 1).Encode(Key("", "version"));

        await Assert.ThrowsAsync<SoftPromptException>(() => PageAsync("", "version", forged, 1));
    }

    private async Task AddAsync(params string[] names)
    {
        foreach (var name in names)
        {
            await _prompts.AddAsync(New(name, Numbers(name[0]), ("name", name)), _ct);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<List<string>> ListAsync(
        string filter = "", string order = "", int pageSize = 100, bool allVersions = false, bool showDeleted = false)
    {
        var found = new List<string>();
        var token = "";
        do
        {
            var page = await PageAsync(filter, order, token, pageSize, allVersions, showDeleted);
            found.AddRange(page.Prompts.Select(p => p.Reference.ToString()));
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        return found;
    }

    private async Task<PromptPage> PageAsync(
        string filter, string order, string token, int pageSize, bool allVersions = false, bool showDeleted = false)
    {
        var violations = new Violations();
        var (key, by) = (Key(filter, order), PromptOrder.Parse(order, violations));
        var after = PageToken.Parse(token, key, by.IsKey, violations);
        var query = new PromptQuery(PromptFilter.Parse(filter, violations), by, allVersions, showDeleted, pageSize, after, key);
        violations.ThrowIfAny();
        return await _prompts.ListAsync(query, _ct);
    }

    private static string Key(string filter, string order) => $"{filter}\n{order}";

    private static SoftPrompt Numbers(params float[] values) => new(1, values.Length, values, "fingerprint");

    private static NewPrompt New(string name, ServedPrompt numbers, params (string Key, string Value)[] labels) =>
        new(name, "m", numbers, TextTemplate.None, labels.ToDictionary(l => l.Key, l => l.Value), reference => $"of {reference}");
}

public sealed class SqlitePromptStoreTests() : PromptStoreTests(new StoreFile());

public sealed class PostgresPromptStoreTests() : PromptStoreTests(new PostgresDatabase());
