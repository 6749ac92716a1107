using System.Text;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tests.Hub;

public sealed class CheckpointHubTests : HubTest
{
    private const string Token = "hf_secret";

    private static readonly string[] Wanted = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"];

    [Fact]
    public async Task GetAsync_NothingCached_DownloadsWhatIsNeededAsPythonWould()
    {
        var directory = await GetAsync();

        Assert.Equal(Snapshot, directory);
        Assert.Equal(Wanted, Names(directory));
        Assert.Equal(HubDouble.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main"), Ct));
        Assert.Equal(Wanted.Select(Hub.HashOf).Order(), Names(Path.Combine(Repository, "blobs")));
        foreach (var name in Wanted)
        {
            Assert.Equal(Hub.Files[name], await File.ReadAllBytesAsync(Path.Combine(directory, name), Ct));
            Assert.Equal(Path.Combine("..", "..", "blobs", Hub.HashOf(name)), new FileInfo(Path.Combine(directory, name)).LinkTarget);
        }
    }

    [Fact]
    public async Task GetAsync_WithToken_ShowsItToTheHubAlone()
    {
        await GetAsync(token: Token);

        Assert.All(Hub.Requests.Where(r => r.Host == "hub"), r => Assert.Equal($"Bearer {Token}", r.Authorization));
        Assert.All(Hub.Requests.Where(r => r.Host == "cdn"), r => Assert.Equal("", r.Authorization));
        Assert.Contains(Hub.Requests, r => r.Host == "cdn");
        Assert.DoesNotContain(Token, Messages.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_Again_DownloadsNothing()
    {
        await GetAsync();
        Hub.Requests.Clear();

        var directory = await GetAsync();

        Assert.Equal(Snapshot, directory);
        Assert.Equal($"/api/models/{HubDouble.Repository}/revision/main", Assert.Single(Hub.Requests).Path);
    }

    [Fact]
    public async Task GetAsync_CacheThatPythonFilled_IsUsedOffline()
    {
        Directory.CreateDirectory(Path.Combine(Repository, "refs", "pr"));
        Directory.CreateDirectory(Path.Combine(Repository, "blobs"));
        Directory.CreateDirectory(Snapshot);
        await File.WriteAllTextAsync(Path.Combine(Repository, "refs", "pr", "1"), HubDouble.Commit, Ct);
        foreach (var name in new[] { "config.json", "model.safetensors" })
        {
            await File.WriteAllBytesAsync(Path.Combine(Repository, "blobs", Hub.HashOf(name)), Hub.Files[name], Ct);
            File.CreateSymbolicLink(Path.Combine(Snapshot, name), $"../../blobs/{Hub.HashOf(name)}");
        }

        Assert.Equal(Snapshot, await GetAsync("pr/1", offline: true));
        Assert.Equal(Snapshot, await GetAsync(HubDouble.Commit, offline: true));
        Assert.Empty(Hub.Requests);
    }

    [Fact]
    public async Task GetAsync_OfflineAndNotCached_SaysSo()
    {
        var error = await RefusedAsync(ErrorKind.NotFound, () => GetAsync(offline: true));

        Assert.Contains("HF_HUB_OFFLINE", error.Message, StringComparison.Ordinal);
        Assert.Empty(Hub.Requests);
    }

    [Fact]
    public async Task GetAsync_HubGoneButCached_ComesFromTheCache()
    {
        await GetAsync();
        Hub.Intercept = (_, context) =>
        {
            context.Abort();
            return Task.FromResult(true);
        };

        Assert.Equal(Snapshot, await GetAsync());
        Assert.Contains("comes from the cache", Messages.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_BlobOfAnotherCommitIsThere_IsNotDownloadedAgain()
    {
        Directory.CreateDirectory(Path.Combine(Repository, "blobs"));
        await File.WriteAllBytesAsync(
            Path.Combine(Repository, "blobs", Hub.HashOf("model.safetensors")), Hub.Files["model.safetensors"], Ct);

        var directory = await GetAsync();

        Assert.Equal(Hub.Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(directory, "model.safetensors"), Ct));
        Assert.DoesNotContain(Hub.Downloads, path => path.EndsWith("model.safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GetAsync_ShardedWeights_BringsTheIndexsShards()
    {
        Hub.Files.Remove("model.safetensors");
        Hub.Files["model.safetensors.index.json"] =
            Encoding.UTF8.GetBytes("""{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}}""");
        foreach (var name in new[] { "model-1.safetensors", "model-2.safetensors", "other.safetensors" })
        {
            Hub.Files[name] = Random(name.Length + name[6], 5000);
            Hub.Large.Add(name);
        }

        var directory = await GetAsync();

        Assert.Equal(
            ["config.json", "generation_config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json", "tokenizer.json"],
            Names(directory));
        Assert.Equal(directory, await GetAsync(offline: true));
    }

    [Fact]
    public async Task GetAsync_IndexNamesAPathOutside_IsCorrupt()
    {
        Hub.Files.Remove("model.safetensors");
        Hub.Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes("""{"weight_map": {"a": "../../../evil.safetensors"}}""");

        await RefusedAsync(ErrorKind.Corrupt, () => GetAsync());

        Assert.DoesNotContain(Hub.Requests, r => r.Path.Contains("evil", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GetAsync_RenamedRepository_FollowsTheHub()
    {
        Hub.Intercept = (request, context) =>
        {
            if (context.Request.QueryString.HasValue || request.Host == "cdn")
                return Task.FromResult(false);
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"{request.Path}?moved";
            return Task.FromResult(true);
        };

        Assert.Equal(Wanted, Names(await GetAsync(token: Token)));
        Assert.All(Hub.Requests.Where(r => r.Host == "hub"), r => Assert.Equal($"Bearer {Token}", r.Authorization));
    }

    [Fact]
    public async Task GetAsync_TwoAtOnce_DownloadEachFileOnce()
    {
        var directories = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => GetAsync()));

        Assert.All(directories, directory => Assert.Equal(Wanted, Names(directory)));
        Assert.Single(RequestsFor("model.safetensors"), r => r.Host == "cdn");
    }

    internal static async Task<SoftPromptException> RefusedAsync(ErrorKind kind, Func<Task> action)
    {
        var error = await Assert.ThrowsAsync<SoftPromptException>(action);
        Assert.Equal(kind, error.Kind);
        Assert.DoesNotContain(Path.GetTempPath(), error.Message, StringComparison.Ordinal);
        return error;
    }

    private static string[] Names(string directory) =>
        [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
