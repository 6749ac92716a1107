using System.CommandLine;
using SoftPromptGrpc.Cli.Output;

namespace SoftPromptGrpc.Cli.Models;

internal static class ModelListCommand
{
    public static Command Create(CommandLine commandLine) =>
        new Command("list", "Lists the base models.").Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var models = await invocation.Client.ListModelsAsync(cancellationToken).ToListAsync(cancellationToken);
            invocation.WriteAll(
                models,
                ["MODEL", "STATE", "ARCHITECTURE", "PARAMETERS", "CONTEXT", "TRAINS WITH", "SERVED BY"],
                model =>
                [
                    model.Id,
                    Names.Of(model.State),
                    model.Architecture,
                    Figures.Count(model.ParameterCount),
                    Figures.Count(model.ContextLength),
                    string.Join(", ", model.TrainingBackends),
                    string.Join(", ", model.InferenceBackends),
                ]);
            return ExitCode.Ok;
        });
}
