using System.Net;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>What the hub's refusals mean, in the words of somebody who can do something about them.</summary>
internal static class HubErrors
{
    /// <summary>The same request may succeed later.</summary>
    public const string UnreachableReason = "HUB_UNREACHABLE";

    private const string CodeHeader = "X-Error-Code";
    private const int UnixDiskFull = 28;
    private const int WindowsDiskFull = 112;

    /// <param name="file">Null where the repository itself was asked for.</param>
    public static SoftPromptException Of(HttpResponseMessage response, HubReference reference, string? file, bool hasToken)
    {
        var code = response.Headers.TryGetValues(CodeHeader, out var values) ? values.First() : "";
        var repository = $"'{reference.Repository}'";
        return (code, response.StatusCode) switch
        {
            ("GatedRepo", _) => new(ErrorKind.Precondition, hasToken
                ? $"{repository} on the hub is gated, and the owner of HF_TOKEN has no access: ask for it on the repository's page."
                : $"{repository} on the hub is gated: ask for access on the repository's page and set HF_TOKEN."),
            ("RevisionNotFound", _) => new(ErrorKind.NotFound, $"{repository} on the hub has no revision '{reference.Revision}'."),
            ("EntryNotFound", _) => new(ErrorKind.NotFound, $"{repository} on the hub has no file {file}."),
            ("RepoNotFound", _) or (_, HttpStatusCode.NotFound) when file is null || code.Length > 0 => new(ErrorKind.NotFound, hasToken
                ? $"The hub has no repository {repository}, or HF_TOKEN does not open it."
                : $"The hub has no repository {repository}; if it is private, set HF_TOKEN."),
            (_, HttpStatusCode.NotFound) => new(ErrorKind.NotFound, $"{repository} on the hub has no file {file}."),
            (_, HttpStatusCode.Unauthorized) => new(ErrorKind.Precondition, hasToken
                ? $"The hub does not accept HF_TOKEN for {repository}."
                : $"The hub wants to know who asks for {repository}: set HF_TOKEN."),
            (_, HttpStatusCode.Forbidden) => new(ErrorKind.Precondition, $"The hub forbids access to {repository}."),
            (_, HttpStatusCode.TooManyRequests) => new(
                ErrorKind.Overloaded, $"The hub limits the rate of requests; {repository} has to wait.")
            {
                Reason = UnreachableReason,
            },
            (_, >= HttpStatusCode.InternalServerError) => Unreachable(reference, null),
            _ => new(ErrorKind.Precondition, $"The hub answers {(int)response.StatusCode} for {repository}."),
        };
    }

    public static SoftPromptException Unreachable(HubReference reference, Exception? cause) =>
        new(ErrorKind.Precondition, $"The hub cannot be reached for '{reference.Repository}'.", cause) { Reason = UnreachableReason };

    public static SoftPromptException Nonsense(HubReference reference, string what) =>
        new(ErrorKind.Corrupt, $"The hub's answer for '{reference.Repository}' {what}.");

    public static SoftPromptException DiskFull(HubReference reference, string file, Exception? cause = null) =>
        new(ErrorKind.Overloaded, $"The disk of the hub's cache is too full for {file} of '{reference.Repository}'.", cause);

    public static bool IsDiskFull(IOException exception) => (exception.HResult & 0xFFFF) is UnixDiskFull or WindowsDiskFull;
}
