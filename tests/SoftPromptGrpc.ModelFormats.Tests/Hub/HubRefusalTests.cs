using System.Net;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.ModelFormats.Hub;

namespace SoftPromptGrpc.ModelFormats.Tests.Hub;

/// <summary>What the hub refuses, and what is said about it.</summary>
public sealed class HubRefusalTests : HubTest
{
    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "GatedRepo", ErrorKind.Precondition, "is gated: ask for access")]
    [InlineData(HttpStatusCode.Forbidden, "GatedRepo", ErrorKind.Precondition, "is gated: ask for access")]
    [InlineData(HttpStatusCode.Unauthorized, "RepoNotFound", ErrorKind.NotFound, "no repository 'owner/tiny-model'; if it is private, set HF_TOKEN")]
    [InlineData(HttpStatusCode.Unauthorized, "", ErrorKind.Precondition, "set HF_TOKEN")]
    [InlineData(HttpStatusCode.Forbidden, "", ErrorKind.Precondition, "forbids access")]
    [InlineData(HttpStatusCode.NotFound, "RepoNotFound", ErrorKind.NotFound, "no repository 'owner/tiny-model'")]
    [InlineData(HttpStatusCode.NotFound, "", ErrorKind.NotFound, "no repository 'owner/tiny-model'")]
    [InlineData(HttpStatusCode.TooManyRequests, "", ErrorKind.Overloaded, "limits the rate")]
    [InlineData(HttpStatusCode.BadGateway, "", ErrorKind.Precondition, "cannot be reached")]
    [InlineData(HttpStatusCode.Gone, "", ErrorKind.Precondition, "answers 410")]
    public async Task GetAsync_HubRefuses_SaysWhatToDo(HttpStatusCode status, string code, ErrorKind kind, string message)
    {
        Hub.Intercept = (_, context) => HubDouble.RefuseAsync(context, status, code);

        var error = await CheckpointHubTests.RefusedAsync(kind, () => GetAsync());

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_GatedDespiteToken_NamesTheTokensOwner()
    {
        Hub.Intercept = (_, context) => HubDouble.RefuseAsync(context, HttpStatusCode.Forbidden, "GatedRepo");

        var error = await CheckpointHubTests.RefusedAsync(ErrorKind.Precondition, () => GetAsync(token: "hf_secret"));

        Assert.Contains("the owner of HF_TOKEN has no access", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", error.Message + Messages.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_UnknownRevision_NamesIt()
    {
        var error = await CheckpointHubTests.RefusedAsync(ErrorKind.NotFound, () => GetAsync("v2"));

        Assert.Contains("no revision 'v2'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_FileGoneWhileDownloading_NamesIt()
    {
        Hub.Intercept = (request, context) => request.Method == "GET" && request.Path.EndsWith("/tokenizer.json", StringComparison.Ordinal)
            ? HubDouble.RefuseAsync(context, HttpStatusCode.NotFound, "EntryNotFound")
            : Task.FromResult(false);

        var error = await CheckpointHubTests.RefusedAsync(ErrorKind.NotFound, () => GetAsync());

        Assert.Contains("no file tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_RateLimitThatPasses_IsWaitedFor()
    {
        var refusals = 0;
        Hub.Intercept = (_, context) => Interlocked.Increment(ref refusals) <= 2
            ? HubDouble.RefuseAsync(context, HttpStatusCode.TooManyRequests, "")
            : Task.FromResult(false);

        Assert.Equal(Snapshot, await GetAsync());
    }

    [Fact]
    public async Task GetAsync_MoreThanTheDiskHolds_IsNotBegun()
    {
        Hub.Intercept = (request, context) =>
        {
            if (request.Method == "HEAD" && request.Path.EndsWith("/model.safetensors", StringComparison.Ordinal))
            {
                context.Response.Headers["X-Linked-ETag"] = $"\"{Hub.HashOf("model.safetensors")}\"";
                context.Response.Headers["X-Linked-Size"] = "1000000000000000000";
                context.Response.Redirect("http://127.0.0.1:1/elsewhere");
                return Task.FromResult(true);
            }
            return Task.FromResult(false);
        };

        var error = await CheckpointHubTests.RefusedAsync(ErrorKind.Overloaded, () => GetAsync());

        Assert.Contains("too full for model.safetensors", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Hub.Downloads, path => path.EndsWith("model.safetensors", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"sha": "main", "siblings": []}""")]
    [InlineData("""{"siblings": []}""")]
    [InlineData("""{"sha": "0123456789abcdef0123456789abcdef01234567"}""")]
    [InlineData("""[]""")]
    [InlineData("""<html>""")]
    public async Task GetAsync_ListThatIsNone_IsCorrupt(string body)
    {
        Hub.Intercept = async (_, context) =>
        {
            await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(body), Ct);
            return true;
        };

        await CheckpointHubTests.RefusedAsync(ErrorKind.Corrupt, () => GetAsync());
    }

    [Theory]
    [InlineData("../../../../evil")]
    [InlineData("0123")]
    [InlineData("")]
    public async Task GetAsync_ETagThatIsNoHash_WritesNothing(string etag)
    {
        Hub.Intercept = (request, context) =>
        {
            if (request.Method != "HEAD")
                return Task.FromResult(false);
            context.Response.Headers.ETag = $"\"{etag}\"";
            context.Response.ContentLength = 3;
            return Task.FromResult(true);
        };

        await CheckpointHubTests.RefusedAsync(ErrorKind.Corrupt, () => GetAsync());

        Assert.Empty(Directory.EnumerateFileSystemEntries(Cache));
    }

    [Fact]
    public async Task GetAsync_CircleOfRedirects_Ends()
    {
        Hub.Intercept = (request, context) =>
        {
            context.Response.Redirect(request.Path);
            return Task.FromResult(true);
        };

        await CheckpointHubTests.RefusedAsync(ErrorKind.Corrupt, () => GetAsync());
    }

    [Theory]
    [InlineData(28, true)]
    [InlineData(unchecked((int)0x80070070), true)]
    [InlineData(2, false)]
    public void IsDiskFull_OnUnixAndWindows_IsKnown(int code, bool full) =>
        Assert.Equal(full, HubErrors.IsDiskFull(new IOException("", code)));
}
