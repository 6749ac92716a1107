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
    public static Task<CliRun> PipedAsync(
        string address, string? input, string[] arguments, Action<string> onOutput, CancellationToken cancellationToken) =>
        PipedAsync(At(address), input, arguments, onOutput, cancellationToken);

    /// <param name="environment">The environment's variables.</param>
    public static async Task<CliRun> PipedAsync(
        Func<string, string?> environment, string? input, string[] arguments, Action<string> onOutput, CancellationToken cancellationToken)
    {
        using var output = new ObservedWriter(onOutput) { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(
            Terminal.Open(output, isRedirected: true),
            Terminal.Open(error, isRedirected: true),
            input is null ? null : new StringReader(input));
        var exitCode = await new CommandLine(terminal, environment).RunAsync(arguments, cancellationToken);
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>As a person runs it in a terminal with colours.</summary>
    public static async Task<CliRun> LiveAsync(string address, string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new TestConsole().EmitAnsiSequences().Interactive().SupportsAnsi(true).Width(120);
        using var error = new TestConsole();
        var terminal = new Terminal(output, error, null);
        var exitCode = await new CommandLine(terminal, At(address)).RunAsync(arguments, cancellationToken);
        return new CliRun(exitCode, output.Output, error.Output);
    }

    private static Func<string, string?> At(string address) => name => name == "SOFTPROMPT_ADDRESS" ? address : null;

    private sealed class ObservedWriter(Action<string> onOutput) : StringWriter
    {
        public override void Flush() => onOutput(ToString());
    }
}
