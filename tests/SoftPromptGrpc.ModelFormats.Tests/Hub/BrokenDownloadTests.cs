using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tests.Hub;

/// <summary>Bodies that are cut, slow, stuck, wrong or too long.</summary>
public sealed class BrokenDownloadTests : HubTest
{
    private const string Weights = "model.safetensors";

    private int _attempts;

    private string Blob => Path.Combine(Repository, "blobs", Hub.HashOf(Weights));

    private string Part => $"{Blob}.incomplete";

    [Fact]
    public async Task GetAsync_CutAgainAndAgain_GoesOnWhereItBroke()
    {
        FromCdn((context, attempt) => attempt <= 8 ? Hub.CutAsync(context, Weights, 20_000) : Task.FromResult(false));

        await GetAsync();

        Assert.Equal(Hub.Files[Weights], await File.ReadAllBytesAsync(Blob, Ct));
        var starts = RequestsFor(Weights).Where(r => r.Host == "cdn").Select(r => r.Range).ToArray();
        Assert.Equal("", starts[0]);
        Assert.Equal(9, starts.Length);
        Assert.All(starts[1..], range => Assert.StartsWith("bytes=", range, StringComparison.Ordinal));
        Assert.False(File.Exists(Part));
    }

    [Fact]
    public async Task GetAsync_NothingEverArrives_GivesUpAndLeavesNoBlob()
    {
        FromCdn((context, _) => Hub.CutAsync(context, Weights, 0));

        var error = await CheckpointHubTests.RefusedAsync(ErrorKind.Precondition, () => GetAsync());

        Assert.Contains("cannot be reached", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Blob));
        Assert.False(File.Exists(Path.Combine(Snapshot, Weights)));
        Assert.False(File.Exists(Path.Combine(Repository, "refs", "main")));
    }

    [Fact]
    public async Task GetAsync_PartOfAnEarlierProcess_IsContinued()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Part)!);
        await File.WriteAllBytesAsync(Part, Hub.Files[Weights][..123_456], Ct);

        await GetAsync();

        Assert.Equal(Hub.Files[Weights], await File.ReadAllBytesAsync(Blob, Ct));
        Assert.Equal("bytes=123456-", Assert.Single(RequestsFor(Weights), r => r.Host == "cdn").Range);
    }

    [Fact]
    public async Task GetAsync_ServerThatKnowsNoRanges_BeginsAgain()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Part)!);
        await File.WriteAllBytesAsync(Part, Hub.Files[Weights][..123_456], Ct);
        FromCdn(async (context, _) =>
        {
            await context.Response.Body.WriteAsync(Hub.Files[Weights], Ct);
            return true;
        });

        await GetAsync();

        Assert.Equal(Hub.Files[Weights], await File.ReadAllBytesAsync(Blob, Ct));
    }

    [Fact]
    public async Task GetAsync_SlowBody_IsWaitedFor()
    {
        FromCdn(async (context, _) =>
        {
            foreach (var piece in Hub.Files[Weights].Chunk(10_000))
            {
                await context.Response.Body.WriteAsync(piece, Ct);
                await context.Response.Body.FlushAsync(Ct);
            }
            return true;
        });

        await GetAsync();

        Assert.Equal(Hub.Files[Weights], await File.ReadAllBytesAsync(Blob, Ct));
        Assert.Contains("300000 of 300000 bytes (100 %)", Messages.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_BodyThatStandsStill_IsTakenUpAgain()
    {
        FromCdn((context, attempt) => attempt == 1 ? Hub.StallAsync(context, Weights, 50_000) : Task.FromResult(false));

        await GetAsync(stall: TimeSpan.FromMilliseconds(500));

        Assert.Equal(Hub.Files[Weights], await File.ReadAllBytesAsync(Blob, Ct));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(int.MaxValue, false)]
    public async Task GetAsync_CorruptBody_IsNeverKept(int corruptAttempts, bool succeeds)
    {
        FromCdn(async (context, attempt) =>
        {
            if (attempt > corruptAttempts)
                return false;
            byte[] wrong = [.. Hub.Files[Weights]];
            wrong[200_000] ^= 1;
            await context.Response.Body.WriteAsync(wrong, Ct);
            return true;
        });

        if (succeeds)
            await GetAsync();
        else
            await CheckpointHubTests.RefusedAsync(ErrorKind.Corrupt, () => GetAsync());

        Assert.Equal(succeeds, File.Exists(Blob));
        Assert.Equal(succeeds, File.Exists(Path.Combine(Snapshot, Weights)));
        Assert.False(File.Exists(Part));
    }

    [Fact]
    public async Task GetAsync_CorruptSmallFile_IsNeverKept()
    {
        Hub.Intercept = async (request, context) =>
        {
            if (request.Method != "GET" || !request.Path.EndsWith("/tokenizer.json", StringComparison.Ordinal))
                return false;
            await context.Response.Body.WriteAsync(new byte[Hub.Files["tokenizer.json"].Length], Ct);
            return true;
        };

        var error = await CheckpointHubTests.RefusedAsync(ErrorKind.Corrupt, () => GetAsync());

        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Snapshot, "tokenizer.json")));
    }

    [Fact]
    public async Task GetAsync_BodyLongerThanTold_IsCorrupt()
    {
        FromCdn(async (context, _) =>
        {
            await context.Response.Body.WriteAsync(Hub.Files[Weights], Ct);
            await context.Response.Body.WriteAsync(new byte[1000], Ct);
            return true;
        });

        await CheckpointHubTests.RefusedAsync(ErrorKind.Corrupt, () => GetAsync());

        Assert.False(File.Exists(Blob));
    }

    private void FromCdn(Func<Microsoft.AspNetCore.Http.HttpContext, int, Task<bool>> answer) => Hub.Intercept = (request, context) =>
        request.Host == "cdn" ? answer(context, Interlocked.Increment(ref _attempts)) : Task.FromResult(false);
}
