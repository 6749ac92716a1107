using SoftPromptGrpc.Cli;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class CredentialOptionsTests : CliTest
{
    private readonly Dictionary<string, string> _environment = [];

    [Theory]
    [InlineData("Bearer spk_option", "--api-key", "spk_option")]
    [InlineData("Bearer a.b.c", "--token", "a.b.c")]
    public async Task RunAsync_Credential_IsSent(string expected, params string[] options)
    {
        _environment["SOFTPROMPT_API_KEY"] = "spk_environment";

        var run = await RunInAsync(["infer", "x", .. options]);

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(expected, Assert.Single(Server.Authorizations));
    }

    [Theory]
    [InlineData("SOFTPROMPT_API_KEY")]
    [InlineData("SOFTPROMPT_TOKEN")]
    public async Task RunAsync_CredentialInTheEnvironment_IsSent(string variable)
    {
        _environment[variable] = "secret";

        await RunInAsync("infer", "x");

        Assert.Equal("Bearer secret", Assert.Single(Server.Authorizations));
    }

    [Fact]
    public async Task RunAsync_KeyAndToken_IsWrongUsage()
    {
        var run = await RunInAsync("infer", "x", "--api-key", "spk_a", "--token", "b");

        Assert.Equal((ExitCode.Invalid, "error: Either a key or a token, not both.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task RunAsync_KeyOverHttpToAnotherMachine_IsRefused()
    {
        var run = await RunInAsync("infer", "x", "--api-key", "spk_secret", "--address", "http://prompts.example");

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Contains("https://", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("spk_secret", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--ca")]
    [InlineData("--client-certificate")]
    public async Task RunAsync_FileIsNoPem_IsWrongUsage(string option)
    {
        var run = await RunInAsync("infer", "x", option, Write("file.pem", "nothing"));

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.StartsWith($"error: {option}: ", run.Error, StringComparison.Ordinal);
    }

    private Task<CliRun> RunInAsync(params string[] arguments)
    {
        _environment["SOFTPROMPT_ADDRESS"] = Server.Address;
        return CliRun.PipedAsync(_environment.GetValueOrDefault, null, arguments, _ => { }, Token);
    }
}
