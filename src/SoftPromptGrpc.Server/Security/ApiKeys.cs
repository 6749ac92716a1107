using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Security;

/// <summary>The keys of the configuration, of which it holds no more than hashes.</summary>
internal sealed class ApiKeys(IOptions<SecurityOptions> options)
{
    private readonly (byte[] Hash, Caller Caller)[] _keys =
    [
        .. options.Value.Keys.Select(key =>
            (Convert.FromHexString(key.Sha256), new Caller($"key:{key.Id}", key.Tenant, ScopeNames.Parse(key.Scopes)))),
    ];

    /// <summary>Looks at every key and at all of it, so that the time it takes says nothing.</summary>
    /// <returns>Null: there is no such key.</returns>
    public Caller? Find(string key)
    {
        if (key.Length > ApiKey.MaxLength)
            return null;
        var hash = ApiKey.Hash(key);
        Caller? found = null;
        foreach (var (known, caller) in _keys)
            found = CryptographicOperations.FixedTimeEquals(known, hash) ? caller : found;
        return found;
    }
}
