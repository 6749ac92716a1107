using SoftPromptGrpc.Client.Tests.Fakes;

namespace SoftPromptGrpc.Client.Tests;

public sealed class CredentialTests(FakeServer server) : IClassFixture<FakeServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_WithAnApiKey_SendsItEveryTime()
    {
        server.Authorizations.Clear();
        await using var client = server.Connect(new() { ApiKey = "spk_secret" });

        await client.InferAsync("", "x", Cancellation);
        await client.StreamInferAsync("", "x", Cancellation).ToListAsync(Cancellation);

        Assert.Equal(["Bearer spk_secret", "Bearer spk_secret"], server.Authorizations);
    }

    [Fact]
    public async Task Call_WithTokens_AsksForOneEachTime()
    {
        server.Authorizations.Clear();
        var tokens = 0;
        await using var client = server.Connect(new() { Token = _ => Task.FromResult($"token-{++tokens}") });

        await client.InferAsync("", "x", Cancellation);
        await client.InferAsync("", "x", Cancellation);

        Assert.Equal(["Bearer token-1", "Bearer token-2"], server.Authorizations);
    }

    [Fact]
    public void Create_KeyOverHttpToAnotherMachine_IsRefusedUnlessAllowed()
    {
        var options = new SoftPromptClientOptions { ApiKey = "spk_secret" };

        Assert.Throws<ArgumentException>(() => new SoftPromptClient("http://prompts.example:50051", options));
        Assert.NotNull(new SoftPromptClient("https://prompts.example:50051", options));
        Assert.NotNull(new SoftPromptClient("http://prompts.example:50051", options with { AllowUnencryptedCredentials = true }));
    }

    [Fact]
    public void ToString_OfOptions_HoldsNoSecret() =>
        Assert.DoesNotContain("secret", new SoftPromptClientOptions { ApiKey = "spk_secret" }.ToString(), StringComparison.Ordinal);
}
