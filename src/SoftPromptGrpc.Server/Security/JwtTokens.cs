using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Tokens of one issuer, signed with a public key's private half: nothing here could make one.</summary>
internal sealed class JwtTokens
{
    /// <summary>By how much the issuer's clock may be off.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = 16 * 1024 };
    private readonly JwtOptions _options;
    private readonly TokenValidationParameters? _rules;

    public JwtTokens(IOptions<SecurityOptions> options, TimeProvider time)
    {
        _options = options.Value.Jwt;
        if (_options.IsConfigured)
            _rules = Rules(_options, time);
    }

    /// <returns>Null: the token is not one that this server takes.</returns>
    public async Task<Caller?> FindAsync(string token)
    {
        if (_rules is null)
            return null;
        var result = await _handler.ValidateTokenAsync(token, _rules);
        if (!result.IsValid || result.SecurityToken is not JsonWebToken valid)
            return null;
        var tenant = valid.Claims.FirstOrDefault(claim => claim.Type == _options.TenantClaim)?.Value ?? "";
        var scopes = valid.Claims.Where(claim => claim.Type == _options.ScopeClaim).Select(claim => claim.Value);
        return Caller.IsTenant(tenant)
            ? new Caller($"token:{valid.Subject}", tenant, ScopeNames.Parse(string.Join(' ', scopes)))
            : null;
    }

    private static TokenValidationParameters Rules(JwtOptions options, TimeProvider time) => new()
    {
        ValidIssuer = options.Issuer,
        ValidAudience = options.Audience,
        ValidAlgorithms =
        [
            SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
            SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
            SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
        ],
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        LifetimeValidator = (from, until, _, _) =>
            time.GetUtcNow().UtcDateTime is var now && (from is null || from <= now + Skew) && now < until + Skew,
        IssuerSigningKeys = options.Keys.Length > 0 ? JwtKeys.Read(options.Keys) : null,
        ConfigurationManager = options.Authority.Length > 0 ? Discovery(options.Authority) : null,
    };

    private static ConfigurationManager<OpenIdConnectConfiguration> Discovery(string authority) =>
        new($"{authority.TrimEnd('/')}/.well-known/openid-configuration", new OpenIdConnectConfigurationRetriever());
}
