using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Finds out who calls: by an API key or a token of the call, or else by the connection's client certificate.</summary>
internal sealed class Authentication(
    ApiKeys keys, JwtTokens tokens, ClientCertificates certificates, IOptions<SecurityOptions> options)
{
    private const string Bearer = "Bearer ";

    private static readonly Caller Anybody = new(
        "anonymous", Caller.DefaultTenant, Scopes.Infer | Scopes.Train | Scopes.Manage | Scopes.Admin);

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Unauthenticated"/>.</exception>
    public async Task<Caller> FindCallerAsync(HttpContext call)
    {
        if (!options.Value.IsAuthenticating)
            return Anybody;
        if (Credential(call.Request.Headers) is { } credential)
            return await FindAsync(credential) ?? throw Refused("CREDENTIALS_INVALID", "The key or token is not valid.");
        if (call.Connection.ClientCertificate is { } certificate)
            return certificates.Find(certificate) ?? throw Refused("CREDENTIALS_INVALID", "The client certificate's subject is not known.");
        throw Refused("CREDENTIALS_MISSING", "The call needs an API key or a token: metadata \"authorization\", \"Bearer ...\".");
    }

    private async Task<Caller?> FindAsync(string credential) =>
        credential.StartsWith(ApiKey.Prefix, StringComparison.Ordinal) ? keys.Find(credential) : await tokens.FindAsync(credential);

    /// <returns>Null: there is none. Empty, and so no valid one: several, or of another kind.</returns>
    private static string? Credential(IHeaderDictionary headers)
    {
        var given = StringValues.Concat(headers.Authorization, headers["x-api-key"]);
        if (given.Count == 0)
            return null;
        if (given.Count > 1)
            return "";
        if (headers.Authorization.Count == 0)
            return given.ToString();
        var value = given.ToString();
        return value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? value[Bearer.Length..].Trim() : "";
    }

    private static SoftPromptException Refused(string reason, string message) => new(ErrorKind.Unauthenticated, message) { Reason = reason };
}
