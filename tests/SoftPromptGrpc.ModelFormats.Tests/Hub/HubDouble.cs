using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SoftPromptGrpc.ModelFormats.Tests.Hub;

/// <param name="Host">"hub" or "cdn".</param>
internal sealed record HubRequest(string Host, string Method, string Path, string Authorization, string Range);

/// <summary>
/// The Hugging Face hub with one repository, on two addresses of this machine: the hub itself, which lists, describes and delivers
/// small files, and a CDN, to which it redirects for large ones.
/// </summary>
internal sealed class HubDouble : IAsyncDisposable
{
    public const string Repository = "owner/tiny-model";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly WebApplication _hub;
    private readonly WebApplication _cdn;

    private HubDouble()
    {
        _cdn = Listen(context => ServeAsync("cdn", context, DeliverAsync));
        _hub = Listen(context => ServeAsync("hub", context, AnswerAsync));
    }

    public Uri Endpoint => new(_hub.Urls.Single());

    /// <summary>By name.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Names of files that are stored as LFS objects: SHA-256, redirect to the CDN.</summary>
    public HashSet<string> Large { get; } = ["model.safetensors"];

    /// <summary>What branches and tags stand for.</summary>
    public Dictionary<string, string> Revisions { get; } = new() { ["main"] = Commit, [Commit] = Commit };

    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    /// <summary>May answer a request in place of the double, and tells whether it has.</summary>
    public Func<HubRequest, HttpContext, Task<bool>> Intercept { get; set; } = (_, _) => Task.FromResult(false);

    public IEnumerable<string> Downloads => Requests.Where(r => r.Method == "GET" && !r.Path.StartsWith("/api/", StringComparison.Ordinal)).Select(r => r.Path);

    public static async Task<HubDouble> StartAsync()
    {
        var hub = new HubDouble();
        await hub._cdn.StartAsync();
        await hub._hub.StartAsync();
        return hub;
    }

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

#pragma warning disable CA5350 // Git's own.
    public static string GitSha1(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    /// <summary>What the cache must call a file's blob.</summary>
    public string HashOf(string name) => Large.Contains(name) ? Sha256(Files[name]) : GitSha1(Files[name]);

    /// <summary>Answers with a status and the hub's own code for the reason.</summary>
    public static Task<bool> RefuseAsync(HttpContext context, HttpStatusCode status, string code)
    {
        context.Response.StatusCode = (int)status;
        if (code.Length > 0)
            context.Response.Headers["X-Error-Code"] = code;
        context.Response.Headers.RetryAfter = "0";
        return Task.FromResult(true);
    }

    /// <summary>Sends the first bytes of what was asked for and hangs up, as Kestrel does where less was written than announced.</summary>
    public async Task<bool> CutAsync(HttpContext context, string name, int bytes)
    {
        var body = Begin(context, Files[name]);
        await context.Response.Body.WriteAsync(body[..bytes]);
        await context.Response.Body.FlushAsync();
        return true;
    }

    /// <summary>Sends the first bytes of what was asked for, and then nothing until the client gives up.</summary>
    public async Task<bool> StallAsync(HttpContext context, string name, int bytes)
    {
        var body = Begin(context, Files[name]);
        await context.Response.Body.WriteAsync(body[..bytes]);
        await context.Response.Body.FlushAsync();
        var gone = new TaskCompletionSource();
        using (context.RequestAborted.Register(gone.SetResult))
            await gone.Task;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _cdn.DisposeAsync();
    }

    private static WebApplication Listen(RequestDelegate serve)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(serve);
        return app;
    }

    private async Task ServeAsync(string host, HttpContext context, Func<HttpContext, Task> answer)
    {
        var (request, headers) = (context.Request, context.Request.Headers);
        var seen = new HubRequest(host, request.Method, request.Path, headers.Authorization.ToString(), headers.Range.ToString());
        Requests.Enqueue(seen);
        if (!await Intercept(seen, context))
            await answer(context);
    }

    private Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal))
            return ListAsync(context, Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]));
        var place = $"/{Repository}/resolve/{Commit}/";
        if (!path.StartsWith(place, StringComparison.Ordinal) || !Files.TryGetValue(path[place.Length..], out var content))
            return RefuseAsync(context, HttpStatusCode.NotFound, path.StartsWith(place, StringComparison.Ordinal) ? "EntryNotFound" : "RepoNotFound");
        var name = path[place.Length..];
        context.Response.Headers["X-Repo-Commit"] = Commit;
        if (!Large.Contains(name))
            return SmallAsync(context, content);
        context.Response.Headers["X-Linked-ETag"] = $"\"{Sha256(content)}\"";
        context.Response.Headers["X-Linked-Size"] = content.Length.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.ETag = "\"of-the-pointer\"";
        context.Response.Redirect($"{_cdn.Urls.Single()}/objects/{name}?signature=x");
        return Task.CompletedTask;
    }

    private Task ListAsync(HttpContext context, string revision)
    {
        if (!Revisions.TryGetValue(revision, out var commit))
            return RefuseAsync(context, HttpStatusCode.NotFound, "RevisionNotFound");
        var siblings = Files.Keys.Select(name => new { rfilename = name });
        return context.Response.WriteAsync(JsonSerializer.Serialize(new { id = Repository, sha = commit, siblings, gated = false }));
    }

    private static Task SmallAsync(HttpContext context, byte[] content)
    {
        context.Response.Headers.ETag = $"\"{GitSha1(content)}\"";
        var body = Begin(context, content);
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }

    private Task DeliverAsync(HttpContext context)
    {
        var body = Begin(context, Files[context.Request.Path.Value!["/objects/".Length..]]);
        return context.Response.Body.WriteAsync(body).AsTask();
    }

    /// <summary>Status and lengths for the whole content or for the range that was asked for, which is returned.</summary>
    private static ReadOnlyMemory<byte> Begin(HttpContext context, byte[] content)
    {
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single().From;
        var body = content.AsMemory((int)(range ?? 0));
        context.Response.ContentLength = body.Length;
        if (range is not null)
        {
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {range}-{content.Length - 1}/{content.Length}";
        }
        return body;
    }
}
