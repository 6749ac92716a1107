using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Cli.Output;
using Spectre.Console.Testing;

namespace SoftPromptGrpc.Client.Tests.Cli;

/// <summary>One run of the command line, and what came of it.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>As a script runs it: nothing is a terminal.</summary>
    public static Task<CliRun> PipedAsync(string address, string? input, string[] arguments, CancellationToken cancellationToken) =>
        PipedAsync(address, input, arguments, _ => { }, cancellationToken);

    /// <param name="onOutput">Called with everything written so far.</param>
    public static async Task<CliRun> PipedAsync(
        string address, string? input, string[] arguments, Action<string> onOutput, CancellationToken cancellationToken)
    {
        using var output = new ObservedWriter(onOutput) { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(
            Terminal.Open(output, isRedirected: true),
            Terminal.Open(error, isRedirected: true),
            input is null ? null : new StringReader(input));
        var exitCode = await RunAsync(terminal, address, arguments, cancellationToken);
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>As a person runs it in a terminal with colours.</summary>
    public static async Task<CliRun> LiveAsync(string address, string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new TestConsole().EmitAnsiSequences().Interactive().SupportsAnsi(true).Width(120);
        using var error = new TestConsole();
        var exitCode = await RunAsync(new Terminal(output, error, null), address, arguments, cancellationToken);
        return new CliRun(exitCode, output.Output, error.Output);
    }

    private static Task<int> RunAsync(Terminal terminal, string address, string[] arguments, CancellationToken cancellationToken)
    {
        string? Environment(string name) => name == "SOFTPROMPT_ADDRESS" ? address : null;
        return new CommandLine(terminal, Environment).RunAsync(arguments, cancellationToken);
    }

    private sealed class ObservedWriter(Action<string> onOutput) : StringWriter
    {
        public override void Flush() => onOutput(ToString());
    }
}
