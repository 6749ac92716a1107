using SoftPromptGrpc.Client.Tests.Fakes;

namespace SoftPromptGrpc.Client.Tests.Cli;

/// <summary>A fake server, a scratch directory, and the command line to run against both.</summary>
public abstract class CliTest : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("softprompt-cli-");

    protected FakeServer Server { get; } = new();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string PathOf(string name) => Path.Combine(_directory.FullName, name);

    protected string Write(string name, string content)
    {
        File.WriteAllText(PathOf(name), content);
        return PathOf(name);
    }

    internal Task<CliRun> RunAsync(params string[] arguments) => CliRun.PipedAsync(Server.Address, null, arguments, Token);

    internal Task<CliRun> RunWithInputAsync(string input, params string[] arguments) =>
        CliRun.PipedAsync(Server.Address, input, arguments, Token);
}
