using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>The three questions that are put to the hub. Follows redirects itself: the token must not leave the hub's own host.</summary>
/// <param name="http">Does not follow redirects and does not decompress.</param>
internal sealed class HubClient(HttpClient http, HubSettings settings)
{
    private const int MaxRedirects = 8;
    private const int MaxListing = 32 << 20;

    public async Task<RemoteRevision> ListAsync(HubReference reference, CancellationToken cancellationToken)
    {
        var address = new Uri(settings.Endpoint, $"api/models/{reference.Repository}/revision/{Uri.EscapeDataString(reference.Revision)}");
        using var response = await SendAsync(reference, null, () => new(HttpMethod.Get, address), anyHost: true, cancellationToken);
        var body = await ReadAsync(response, reference, cancellationToken);
        using var json = BoundedJson.Parse(body, "The hub's list of files");
        return Revision(json.RootElement) ?? throw HubErrors.Nonsense(reference, "names no commit or no files");
    }

    /// <summary>Hash and length, which the hub itself tells, whoever delivers the file.</summary>
    public async Task<RemoteFile> DescribeAsync(HubReference reference, string commit, string file, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            reference, file, () => new(HttpMethod.Head, Address(reference, commit, file)), anyHost: false, cancellationToken);
        var hash = ContentHash.FromETag(Header(response, "X-Linked-ETag") ?? Header(response, "ETag"));
        var length = long.TryParse(Header(response, "X-Linked-Size"), out var linked) ? linked : response.Content.Headers.ContentLength;
        return hash is not null && length >= 0
            ? new RemoteFile(file, hash, length.Value)
            : throw HubErrors.Nonsense(reference, $"tells no hash or no length of {file}");
    }

    /// <summary>A file from <paramref name="start"/> on; the server may begin at 0 all the same, which its status tells.</summary>
    public Task<HttpResponseMessage> OpenAsync(
        HubReference reference, string commit, string file, long start, CancellationToken cancellationToken) =>
        SendAsync(reference, file, () => FromStart(Address(reference, commit, file), start), anyHost: true, cancellationToken);

    private Uri Address(HubReference reference, string commit, string file) =>
        new(settings.Endpoint, $"{reference.Repository}/resolve/{commit}/{Uri.EscapeDataString(file)}");

    private static HttpRequestMessage FromStart(Uri address, long start)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (start > 0)
            request.Headers.Range = new RangeHeaderValue(start, null);
        return request;
    }

    /// <param name="anyHost">Otherwise a redirect to another host is the answer.</param>
    private async Task<HttpResponseMessage> SendAsync(
        HubReference reference, string? file, Func<HttpRequestMessage> create, bool anyHost, CancellationToken cancellationToken)
    {
        var target = default(Uri);
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            var response = await SendOnceAsync(reference, create(), target, cancellationToken);
            if (!IsRedirect(response))
                return response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
                    ? response
                    : throw Refused(response, reference, file);
            target = Follow(response, reference);
            if (!anyHost && !IsHub(target))
                return response;
            response.Dispose();
        }
        throw HubErrors.Nonsense(reference, "is a circle of redirects");
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HubReference reference, HttpRequestMessage request, Uri? target, CancellationToken cancellationToken)
    {
        using (request)
        {
            request.RequestUri = target ?? request.RequestUri;
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            if (settings.Token is { } token && IsHub(request.RequestUri!))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            try
            {
                return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                throw HubErrors.Unreachable(reference, e);
            }
        }
    }

    private SoftPromptException Refused(HttpResponseMessage response, HubReference reference, string? file)
    {
        using (response)
            return HubErrors.Of(response, reference, file, settings.Token is not null);
    }

    private static bool IsRedirect(HttpResponseMessage response) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is not null;

    private Uri Follow(HttpResponseMessage response, HubReference reference)
    {
        var target = new Uri(response.RequestMessage!.RequestUri!, response.Headers.Location!);
        return target.Scheme == Uri.UriSchemeHttps || target.Scheme == settings.Endpoint.Scheme
            ? target
            : throw HubErrors.Nonsense(reference, "leads away from https");
    }

    private bool IsHub(Uri address) =>
        Uri.Compare(address, settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, HubReference reference, CancellationToken cancellationToken)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxListing, cancellationToken);
            return await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw HubErrors.Unreachable(reference, e);
        }
    }

    private static RemoteRevision? Revision(JsonElement json)
    {
        if (!json.TryGetProperty("sha", out var sha) || sha.ValueKind != JsonValueKind.String || !HubReference.IsCommit(sha.GetString()!)
            || !json.TryGetProperty("siblings", out var siblings) || siblings.ValueKind != JsonValueKind.Array)
            return null;
        var files = siblings.EnumerateArray()
            .Select(s => s.ValueKind == JsonValueKind.Object && s.TryGetProperty("rfilename", out var name) ? name : default)
            .Where(name => name.ValueKind == JsonValueKind.String)
            .Select(name => name.GetString()!);
        return new RemoteRevision(sha.GetString()!, files.ToHashSet(StringComparer.Ordinal));
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
