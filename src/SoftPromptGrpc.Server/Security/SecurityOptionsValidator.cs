using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Names the settings that are wrong, all of them; never their secrets.</summary>
internal sealed class SecurityOptionsValidator : IValidateOptions<SecurityOptions>
{
    public ValidateOptionsResult Validate(string? name, SecurityOptions options)
    {
        var failures = new List<string>();
        for (var i = 0; i < options.Keys.Count; i++)
            Check($"Security:Keys:{i}", options.Keys[i], failures);
        for (var i = 0; i < options.Certificates.Count; i++)
            Check($"Security:Certificates:{i}", options.Certificates[i], failures);
        foreach (var twice in options.Keys.GroupBy(key => key.Sha256, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1))
            failures.Add($"Security:Keys: '{twice.First().Id}' and '{twice.Last().Id}' are the same key.");
        foreach (var twice in options.Certificates.GroupBy(certificate => certificate.Subject).Where(same => same.Count() > 1))
            failures.Add($"Security:Certificates: '{twice.Key}' is there twice.");
        if (options.Jwt.IsConfigured)
            Check(options.Jwt, failures);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void Check(string setting, ApiKeyOptions key, List<string> failures)
    {
        if (key.Id.Length == 0)
            failures.Add($"{setting}:Id: must name the key.");
        if (key.Sha256.Length != 2 * SHA256.HashSizeInBytes || !key.Sha256.All(char.IsAsciiHexDigit))
            failures.Add($"{setting}:Sha256: must be the key's SHA-256 in 64 hexadecimal digits.");
        CheckGrant(setting, key, failures);
    }

    private static void Check(string setting, CertificateOptions certificate, List<string> failures)
    {
        if (!IsSubject(certificate.Subject))
            failures.Add($"{setting}:Subject: must be a name such as \"CN=worker, O=Acme\".");
        CheckGrant(setting, certificate, failures);
    }

    private static void CheckGrant(string setting, GrantOptions grant, List<string> failures)
    {
        if (!Caller.IsTenant(grant.Tenant))
            failures.Add($"{setting}:Tenant: {Caller.TenantRule}.");
        if (!ScopeNames.AreNames(grant.Scopes))
            failures.Add($"{setting}:Scopes: must be some of infer, train, manage and admin.");
    }

    private static void Check(JwtOptions jwt, List<string> failures)
    {
        if (jwt.Issuer.Length == 0 || jwt.Audience.Length == 0)
            failures.Add("Security:Jwt: Issuer and Audience must be given.");
        if (jwt.Keys.Length == 0 == (jwt.Authority.Length == 0))
            failures.Add("Security:Jwt: either Keys or Authority must be given.");
        if (jwt.ScopeClaim.Length == 0 || jwt.TenantClaim.Length == 0)
            failures.Add("Security:Jwt: ScopeClaim and TenantClaim must name claims.");
        if (jwt.Authority.Length > 0 && !jwt.Authority.StartsWith("https://", StringComparison.Ordinal))
            failures.Add("Security:Jwt:Authority: must be https://...");
        try
        {
            if (jwt.Keys.Length > 0)
                JwtKeys.Read(jwt.Keys);
        }
        catch (SoftPromptException exception)
        {
            failures.Add(exception.Message);
        }
    }

    private static bool IsSubject(string text)
    {
        try
        {
            return text.Length > 0 && new X500DistinguishedName(text).Name.Length > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
