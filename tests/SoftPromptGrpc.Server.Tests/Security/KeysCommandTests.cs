using System.Text.Json;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Tests.Security;

public sealed class KeysCommandTests
{
    [Fact]
    public async Task Create_Good_ShowsTheKeyOnceAndItsHash()
    {
        var (exitCode, output, _) = await RunAsync("keys", "create", "--tenant", "acme", "--scopes", "train,infer", "--id", "ci");

        var key = Assert.Single(output.Split('\n'), line => line.StartsWith(ApiKey.Prefix, StringComparison.Ordinal)).Trim();
        var entry = JsonSerializer.Deserialize<ApiKeyOptions>(output[output.IndexOf("{\n", StringComparison.Ordinal)..]);
        Assert.Equal(0, exitCode);
        Assert.Equal(ApiKey.Prefix.Length + 43, key.Length);
        Assert.Equal(Convert.ToHexStringLower(ApiKey.Hash(key)), entry?.Sha256);
        Assert.Equal(("ci", "acme", "infer,train"), (entry?.Id, entry?.Tenant, entry?.Scopes));
    }

    [Theory]
    [InlineData("keys", "create", "--tenant", "acme")]
    [InlineData("keys", "create", "--tenant", "acme", "--scopes", "root")]
    [InlineData("keys", "create", "--tenant", "a b", "--scopes", "infer")]
    public async Task Create_Wrong_IsWrongUsage(params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(arguments);

        Assert.Equal(2, exitCode);
        Assert.DoesNotContain(ApiKey.Prefix, output, StringComparison.Ordinal);
        Assert.NotEmpty(error);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.True(ServerCommands.AreMeantBy(arguments));
        return (await ServerCommands.RunAsync(arguments, output, error), output.ToString(), error.ToString());
    }
}
