namespace SoftPromptGrpc.Server.Security;

/// <summary>Bound from the "Security" section and checked when the host starts. Without any way to authenticate, callers are not asked.</summary>
public sealed class SecurityOptions
{
    public const string Section = "Security";

    /// <summary>Lets a server that does not ask who calls listen on other addresses than the machine's own.</summary>
    public bool AllowAnonymousRemote { get; set; }

    /// <summary>Whether the server describes its contract to everybody (server reflection).</summary>
    public bool Reflection { get; set; } = true;

    public IList<ApiKeyOptions> Keys { get; } = [];

    public IList<CertificateOptions> Certificates { get; } = [];

    public JwtOptions Jwt { get; set; } = new();

    public bool IsAuthenticating => Keys.Count > 0 || Certificates.Count > 0 || Jwt.IsConfigured;
}

/// <summary>What a key, a certificate or a token stands for.</summary>
public abstract class GrantOptions
{
    public string Tenant { get; set; } = "";

    /// <summary>Such as "infer,train".</summary>
    public string Scopes { get; set; } = "";
}

public sealed class ApiKeyOptions : GrantOptions
{
    /// <summary>Names the key in the audit log.</summary>
    public string Id { get; set; } = "";

    /// <summary>Of the key's characters, in hexadecimal digits.</summary>
    public string Sha256 { get; set; } = "";
}

public sealed class CertificateOptions : GrantOptions
{
    /// <summary>The client certificate's, such as "CN=worker, O=Acme".</summary>
    public string Subject { get; set; } = "";
}

public sealed class JwtOptions
{
    public string Issuer { get; set; } = "";

    public string Audience { get; set; } = "";

    /// <summary>Where the issuer's keys are found and renewed by OpenID Connect Discovery; empty: in <see cref="Keys"/>.</summary>
    public string Authority { get; set; } = "";

    /// <summary>A file with the issuer's public keys: a JSON Web Key Set, or PEM.</summary>
    public string Keys { get; set; } = "";

    /// <summary>The claim with the scopes: one text with blanks between them, or a list.</summary>
    public string ScopeClaim { get; set; } = "scope";

    public string TenantClaim { get; set; } = "tenant";

    public bool IsConfigured => Issuer.Length + Audience.Length + Authority.Length + Keys.Length > 0;
}
