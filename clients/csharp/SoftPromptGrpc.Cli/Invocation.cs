using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Client;

namespace SoftPromptGrpc.Cli;

/// <summary>One run of one command: its values, where it writes, and its connection, opened when first used.</summary>
internal sealed class Invocation(CommandLine commandLine, ParseResult result) : IAsyncDisposable
{
    private SoftPromptClient? _client;

    public Terminal Terminal => commandLine.Terminal;

    public bool Json => result.GetValue(commandLine.Options.Json);

    public Uri Address => result.GetRequiredValue(commandLine.Options.Address);

    public SoftPromptClient Client => _client ??= Connect(Address, commandLine.Options.Credentials.Apply(result, new SoftPromptClientOptions()));

    public T? Get<T>(Option<T> option) => result.GetValue(option);

    public void IfGiven<T>(Option<T?> option, Action<T> use)
        where T : struct
    {
        if (Get(option) is { } value)
            use(value);
    }

    public T Get<T>(Argument<T> argument) => result.GetValue(argument)!;

    /// <summary>With nobody's credentials.</summary>
    public SoftPromptClient Connect(Uri address) => Connect(address, new SoftPromptClientOptions());

    private SoftPromptClient Connect(Uri address, SoftPromptClientOptions options)
    {
        try
        {
            return new SoftPromptClient(
                address.AbsoluteUri, options with { Deadline = result.GetValue(commandLine.Options.Timeout) ?? options.Deadline });
        }
        catch (ArgumentException)
        {
            throw new UsageException("A key or token is not sent over http:// to another machine. Use https://, or --allow-unencrypted.");
        }
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;
}
