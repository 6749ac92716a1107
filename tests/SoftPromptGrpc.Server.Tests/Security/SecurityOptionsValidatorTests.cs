using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Tests.Security;

public sealed class SecurityOptionsValidatorTests
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void Validate_GoodOptions_Succeeds()
    {
        var options = new SecurityOptions
        {
            Keys = { new() { Id = "ci", Sha256 = Hash, Tenant = "acme", Scopes = "infer,train" } },
            Certificates = { new() { Subject = "CN=worker, O=Acme", Tenant = "acme", Scopes = "infer" } },
        };

        Assert.True(new SecurityOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_WrongOptions_NamesEverySetting()
    {
        var options = new SecurityOptions
        {
            Keys =
            {
                new() { Id = "", Sha256 = "spk_secret", Tenant = "a/b", Scopes = "root" },
                new() { Id = "one", Sha256 = Hash, Tenant = "acme", Scopes = "infer" },
                new() { Id = "two", Sha256 = Hash.ToUpperInvariant(), Tenant = "acme", Scopes = "infer" },
            },
            Certificates = { new() { Subject = "nonsense", Tenant = "acme", Scopes = "infer" } },
            Jwt = new() { Keys = "/no/such.pem" },
        };

        var failures = new SecurityOptionsValidator().Validate(null, options).Failures!.ToList();

        string[] expected =
        [
            "Security:Keys:0:Id", "Security:Keys:0:Sha256", "Security:Keys:0:Tenant", "Security:Keys:0:Scopes",
            "Security:Certificates:0:Subject", "Security:Keys: 'one' and 'two' are the same key.", "Security:Jwt: Issuer",
            "Security:Jwt:Keys: the file cannot be read.",
        ];
        Assert.Equal(expected.Length, failures.Count);
        Assert.All(expected, start => Assert.Contains(failures, failure => failure.StartsWith(start, StringComparison.Ordinal)));
        Assert.DoesNotContain(failures, failure => failure.Contains("spk_secret", StringComparison.Ordinal));
    }
}
