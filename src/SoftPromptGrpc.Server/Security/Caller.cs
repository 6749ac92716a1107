using System.Text.RegularExpressions;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Who makes a call.</summary>
/// <param name="Name">For the audit log, such as "key:ci"; never the credential itself.</param>
internal sealed partial record Caller(string Name, string Tenant, Scopes Scopes)
{
    /// <summary>Of callers who are not asked who they are.</summary>
    public const string DefaultTenant = SingleTenant.Default;

    public const string TenantRule = "must be 1 to 63 characters of a-z, A-Z, 0-9, '.', '_' and '-', beginning with a letter or digit";

    public static bool IsTenant(string name) => TenantNames().IsMatch(name);

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}\z")]
    private static partial Regex TenantNames();
}
