using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SoftPromptGrpc.Server.Paging;

/// <summary>Where a page ended: the next one begins behind it, whatever was added or deleted meanwhile. Opaque to clients.</summary>
/// <param name="Key">What the list is ordered by, of the page's last row.</param>
/// <param name="Id">The same row's id, which breaks ties.</param>
internal sealed record PageToken(string Key, long Id)
{
    /// <param name="query">Everything but the page that decides the list: a token is good for the same query only.</param>
    public string Encode(string query) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new Content(Key, Id, Digest(query))));

    /// <param name="isKey">Whether a key is one of the query's order.</param>
    /// <returns>Null for an empty text, and for one that is no token of this query, which is a violation.</returns>
    public static PageToken? Parse(string text, string query, Func<string, bool> isKey, Violations violations)
    {
        if (text.Length == 0)
            return null;
        var token = TryParse(text, query) is { } parsed && isKey(parsed.Key) ? parsed : null;
        violations.Require(token is not null, "page_token", "must come from the previous response to the same request");
        return token;
    }

    private static PageToken? TryParse(string text, string query)
    {
        try
        {
            var content = JsonSerializer.Deserialize<Content>(Base64Url.DecodeFromChars(text));
            return content is { Key: not null } && content.Query == Digest(query) ? new PageToken(content.Key, content.Id) : null;
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            return null;
        }
    }

    private static string Digest(string query) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(query)).AsSpan(0, 8));

    private sealed record Content(string Key, long Id, string Query);
}
