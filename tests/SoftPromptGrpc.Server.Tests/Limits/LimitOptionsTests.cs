using SoftPromptGrpc.Server.Limits;

namespace SoftPromptGrpc.Server.Tests.Limits;

public sealed class LimitOptionsTests
{
    private readonly LimitOptions _options = new()
    {
        RequestsPerSecond = 5,
        Jobs = 2,
        Tenants = { ["acme"] = new() { Jobs = 7 }, ["bad"] = new() { ConcurrentRequests = 0 } },
    };

    [Fact]
    public void Of_TenantWithItsOwn_HasThemBesideEverybodys()
    {
        Assert.Equal((5.0, 7), (_options.Of("acme").RequestsPerSecond, _options.Of("acme").Jobs));
        Assert.Equal((5.0, 2), (_options.Of("other").RequestsPerSecond, _options.Of("other").Jobs));
        Assert.Null(_options.Of("other").StoredPrompts);
    }

    [Fact]
    public void Validate_WrongLimitOfATenant_NamesIt() => Assert.Contains(
        "Limits:Tenants:bad.ConcurrentRequests",
        Assert.Single(new LimitOptionsValidator().Validate(null, _options).Failures!),
        StringComparison.Ordinal);
}
