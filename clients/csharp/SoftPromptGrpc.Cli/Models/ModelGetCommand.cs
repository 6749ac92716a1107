using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Models;

internal static class ModelGetCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var id = new Argument<string>("MODEL") { Description = "The model's id." };
        return new Command("get", "Shows one base model.") { id }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var model = await invocation.Client.GetModelAsync(invocation.Get(id), cancellationToken);
            if (invocation.Json)
                invocation.Terminal.WriteJson(model);
            else
                Write(invocation.Terminal, model);
            return ExitCode.Ok;
        });
    }

    private static void Write(Terminal terminal, Model model) => terminal.WriteFields(
        ("model", model.Id),
        ("state", Names.Of(model.State)),
        ("reason", model.StateMessage),
        ("architecture", model.Architecture),
        ("fingerprint", model.Fingerprint),
        ("parameters", Figures.Count(model.ParameterCount)),
        ("layers", Figures.Count(model.LayerCount)),
        ("hidden size", Figures.Count(model.HiddenSize)),
        ("vocabulary", Figures.Count(model.VocabularySize)),
        ("context", Figures.Count(model.ContextLength)),
        ("tokenizer", model.HasTokenizer ? "yes" : "no: token ids only"),
        ("trains with", string.Join(", ", model.TrainingBackends)),
        ("served by", string.Join(", ", model.InferenceBackends)),
        ("methods", string.Join(", ", model.Methods.Select(Names.Of))),
        ("precision", model.Precision),
        ("memory", model.MemoryBytes > 0 ? Figures.Bytes(model.MemoryBytes) : ""));
}
