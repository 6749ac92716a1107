using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using SoftPromptGrpc.Cli.Datasets;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Cli.Inference;
using SoftPromptGrpc.Cli.Jobs;
using SoftPromptGrpc.Cli.Models;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Cli.Prompts;
using SoftPromptGrpc.Cli.Training;

namespace SoftPromptGrpc.Cli;

/// <summary>The whole command line; one instance serves one run.</summary>
internal sealed class CommandLine(Terminal terminal, Func<string, string?> environment)
{
    public Terminal Terminal => terminal;

    public GlobalOptions Options { get; } = new(environment);

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = Root().Parse(arguments.Count == 0 ? ["--help"] : arguments);
        var errors = result.Action is ParseErrorAction ? result.Errors.Select(error => error.Message).ToList() : UnknownOptions(result);
        if (errors.Count > 0)
        {
            return ErrorReport.Usage(errors, result.CommandResult.Command).Write(terminal, result.GetValue(Options.Json));
        }

        var configuration = new InvocationConfiguration
        {
            Output = terminal.Out.Profile.Out.Writer,
            Error = terminal.Error.Profile.Out.Writer,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await result.InvokeAsync(configuration, cancellationToken);
    }

    private RootCommand Root()
    {
        var root = new RootCommand($"Trains soft prompts on a frozen language model, and answers with them.\n\n{ExitCode.Help}")
        {
            TrainCommand.Create(this),
            WatchCommand.Create(this),
            Group(
                "jobs",
                "Training jobs.",
                JobListCommand.Create(this),
                JobGetCommand.Create(this),
                JobCancelCommand.Create(this),
                JobResumeCommand.Create(this)),
            Group(
                "datasets", "Uploaded examples.",
                DatasetUploadCommand.Create(this), DatasetCommands.List(this), DatasetCommands.Show(this), DatasetCommands.Delete(this)),
            InferCommand.Create(this),
            ScoreCommand.Create(this),
            ClassifyCommand.Create(this),
            TokenizeCommand.Create(this),
            Group(
                "prompts",
                "The trained and imported prompts.",
                PromptListCommand.Create(this),
                PromptGetCommand.Create(this),
                PromptInspectCommand.Create(this),
                PromptSimilarCommand.Create(this),
                PromptUpdateCommand.Create(this),
                PromptDeleteCommand.Create(this),
                PromptUndeleteCommand.Create(this),
                PromptExportCommand.Create(this),
                PromptImportCommand.Create(this)),
            Group("models", "The server's base models.", ModelListCommand.Create(this), ModelGetCommand.Create(this)),
            DemoCommand.Create(this),
        };
        foreach (var option in Options.All)
            root.Options.Add(option);
        HelpNames.Set(root);
        return root;
    }

    /// <summary>What looks like an option and would be taken for an argument; behind "--" everything is an argument.</summary>
    private static List<string> UnknownOptions(ParseResult result)
    {
        if (result.Action is not AsynchronousCommandLineAction || result.Tokens.Any(token => token.Type == TokenType.DoubleDash))
            return [];
        return [.. result.CommandResult.Tokens
            .Where(token => token.Value.StartsWith("--", StringComparison.Ordinal))
            .Select(token => $"There is no option '{token.Value}' (to send it as text, put -- in front).")];
    }

    private static Command Group(string name, string description, params Command[] commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands)
            group.Subcommands.Add(command);
        return group;
    }
}
