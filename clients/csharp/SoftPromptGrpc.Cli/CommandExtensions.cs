using System.CommandLine;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Client;

namespace SoftPromptGrpc.Cli;

internal static class CommandExtensions
{
    /// <summary>Sets what the command does. This is the only place that turns errors into messages and exit codes.</summary>
    public static Command Runs(
        this Command command, CommandLine commandLine, Func<Invocation, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (result, cancellationToken) =>
        {
            await using var invocation = new Invocation(commandLine, result);
            try
            {
                return await run(invocation, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
            catch (Exception exception)
            {
                return Report(exception, invocation.Address).Write(commandLine.Terminal, invocation.Json);
            }
        });
        return command;
    }

    private static ErrorReport Report(Exception exception, Uri address) => exception switch
    {
        SoftPromptRpcException error => ErrorReport.Rpc(error, address),
        UsageException error => new ErrorReport(ExitCode.Invalid, error.Message, error.Details),
        DemoException error => new ErrorReport(ExitCode.Failed, error.Message, error.Details),
        _ => new ErrorReport(ExitCode.Failed, exception.Message, []),
    };
}
