using System.CommandLine;
using SoftPromptGrpc.Server.Models.Checking;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Hosting;

/// <summary>What the server's program does besides serving.</summary>
internal static class ServerCommands
{
    private const int Usage = 2;

    /// <summary>Whether the arguments name a command; otherwise they are settings of the server.</summary>
    public static bool AreMeantBy(IReadOnlyList<string> arguments) =>
        arguments.Count > 0 && Root(TextWriter.Null, TextWriter.Null).Subcommands.Any(command => command.Name == arguments[0]);

    /// <returns>The exit code: the command's, or 2 for a wrong command line.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        var result = Root(output, error).Parse(arguments);
        var exitCode = await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return result.Errors.Count > 0 ? Usage : exitCode;
    }

    private static RootCommand Root(TextWriter output, TextWriter error) => new("Serves and trains soft prompts. Without a command, the server starts.")
    {
        ModelsCommand.Create(output, error),
        KeysCommand.Create(output),
    };
}
