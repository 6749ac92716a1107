using Grpc.Core;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Tests.Security;

/// <summary>A server with a key for each of two tenants, and one for each scope.</summary>
public class SecuredServer : ServerFixture
{
    public const string Acme = "acme";
    public const string Other = "other";

    private readonly List<(string Id, string Tenant, string Scopes, string Key)> _keys =
    [
        .. from tenant in new[] { Acme, Other }
           from scopes in new[] { "infer", "train", "manage", "infer,train,manage" }
           select ($"{tenant}-{scopes}", tenant, scopes, ApiKey.New()),
    ];

    protected override IEnumerable<(string Key, string Value)> Settings => _keys.SelectMany((key, i) => new[]
    {
        ($"Security:Keys:{i}:Id", key.Id),
        ($"Security:Keys:{i}:Sha256", Convert.ToHexString(ApiKey.Hash(key.Key))),
        ($"Security:Keys:{i}:Tenant", key.Tenant),
        ($"Security:Keys:{i}:Scopes", key.Scopes),
    });

    public string KeyOf(string tenant, string scopes) => _keys.Single(key => key.Tenant == tenant && key.Scopes == scopes).Key;

    public Metadata As(string tenant, string scopes = "infer,train,manage") => new() { { "authorization", $"Bearer {KeyOf(tenant, scopes)}" } };
}
