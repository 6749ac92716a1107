using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Tests.Security;

public sealed class JwtTokensTests : IDisposable
{
    private static readonly string[] Listed = ["infer", "manage"];
    private readonly CertificateFiles _files = new();
    private readonly RSA _key = RSA.Create(2048);
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly FakeTimeProvider _time = new(new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly JwtOptions _options;

    public JwtTokensTests() => _options = new()
    {
        Issuer = "https://issuer",
        Audience = "softprompt",
        Keys = _files.Write("keys.pem", $"{_key.ExportSubjectPublicKeyInfoPem()}\n{_curve.ExportSubjectPublicKeyInfoPem()}"),
    };

    public void Dispose()
    {
        _files.Dispose();
        _key.Dispose();
        _curve.Dispose();
    }

    [Fact]
    public async Task FindAsync_GoodToken_IsTheCaller() => Assert.Equal(
        new Caller("token:alice", "acme", Scopes.Infer | Scopes.Train), await FindAsync(Token()));

    [Fact]
    public async Task FindAsync_ScopesAsAList_AreRead() => Assert.Equal(
        Scopes.Infer | Scopes.Manage, (await FindAsync(Token(claims => claims["scope"] = Listed)))?.Scopes);

    [Fact]
    public async Task FindAsync_SignedOnACurve_IsTheCaller() => Assert.NotNull(
        await FindAsync(Token(signer: new(new ECDsaSecurityKey(_curve), SecurityAlgorithms.EcdsaSha256))));

    [Fact]
    public async Task FindAsync_KeysAsAJsonWebKeySet_AreRead()
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(_key.ExportParameters(false)));
        _options.Keys = _files.Write("keys.json", $$"""{"keys":[{"kty":"RSA","n":"{{key.N}}","e":"{{key.E}}"}]}""");

        Assert.NotNull(await FindAsync(Token()));
    }

    [Theory]
    [InlineData("iss", "https://other")]
    [InlineData("aud", "other")]
    [InlineData("tenant", "")]
    [InlineData("tenant", "../acme")]
    public async Task FindAsync_WrongClaim_IsNobody(string claim, string value) =>
        Assert.Null(await FindAsync(Token(claims => claims[claim] = value)));

    [Theory]
    [InlineData(61, false)] // Minutes; the token is good for one hour, and one minute more by a slow clock.
    [InlineData(59, true)]
    [InlineData(-2, false)]
    public async Task FindAsync_AtAnotherTime_IsKnownOnlyWithinItsLife(int later, bool isKnown)
    {
        var token = Token();
        _time.AdjustTime(_time.GetUtcNow().AddMinutes(later));

        Assert.Equal(isKnown, await FindAsync(token) is not null);
    }

    [Fact]
    public async Task FindAsync_Forged_IsNobody()
    {
        using var other = RSA.Create(2048);
        var good = Token();
        var asSecret = new SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes(_key.ExportSubjectPublicKeyInfoPem()));

        Assert.Null(await FindAsync(Token(signer: new(new RsaSecurityKey(other), SecurityAlgorithms.RsaSha256))));
        Assert.Null(await FindAsync(Token(signer: new(asSecret, SecurityAlgorithms.HmacSha256))));
        Assert.Null(await FindAsync(good[..(good.LastIndexOf('.') + 1)]));
        Assert.Null(await FindAsync(Token(signer: null, isSigned: false)));
        Assert.Null(await FindAsync("nonsense"));
        Assert.Null(await FindAsync(new string('a', 100_000)));
    }

    [Fact]
    public async Task FindAsync_NoIssuerConfigured_IsNobody() =>
        Assert.Null(await new JwtTokens(Options.Create(new SecurityOptions()), _time).FindAsync(Token()));

    private Task<Caller?> FindAsync(string token) =>
        new JwtTokens(Options.Create(new SecurityOptions { Jwt = _options }), _time).FindAsync(token);

    private string Token(Action<Dictionary<string, object>>? change = null, SigningCredentials? signer = null, bool isSigned = true)
    {
        var now = _time.GetUtcNow();
        var claims = new Dictionary<string, object>
        {
            ["iss"] = "https://issuer",
            ["aud"] = "softprompt",
            ["sub"] = "alice",
            ["tenant"] = "acme",
            ["scope"] = "openid infer train",
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        };
        change?.Invoke(claims);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            SigningCredentials = isSigned ? signer ?? new(new RsaSecurityKey(_key), SecurityAlgorithms.RsaSha256) : null,
        });
    }
}
