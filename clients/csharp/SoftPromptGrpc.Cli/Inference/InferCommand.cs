using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

internal static class InferCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var input = new Argument<string?>("INPUT")
        {
            Description = "What the model continues. Default: standard input.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var stream = new Option<bool>("--stream") { Description = "Writes the answer as it comes." };
        var batch = new Option<bool>("--batch")
        {
            Description = """Takes one input a line from standard input and writes one answer a line, line breaks as "\n".""",
        };
        var target = new TargetOptions();
        var generation = new GenerationFlags();
        var command = new Command("infer", "Continues an input, through a prompt or without.") { input, stream, batch };
        foreach (var option in (IEnumerable<Option>)[.. target.All, .. generation.All])
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(batch) && (result.GetValue(stream) || result.GetValue(input) is not null))
                result.AddError("--batch reads standard input; it goes with neither --stream nor INPUT.");
        });
        return command.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var asIds = invocation.Get(target.TokenIds);
            if (invocation.Get(batch))
            {
                return await BatchInference.RunAsync(
                    invocation, line => generation.ToRequest(invocation, target, Inputs.Parse(line, asIds)), asIds, cancellationToken);
            }

            var text = await Inputs.ReadAsync(invocation, invocation.Get(input), cancellationToken);
            var request = generation.ToRequest(invocation, target, text is null ? null : Inputs.Parse(text, asIds));
            return invocation.Get(stream)
                ? await StreamAsync(invocation, request, asIds, cancellationToken)
                : await InferAsync(invocation, request, asIds, cancellationToken);
        });
    }

    private static async Task<int> InferAsync(
        Invocation invocation, InferRequest request, bool asIds, CancellationToken cancellationToken)
    {
        var generation = await invocation.Client.InferAsync(request, cancellationToken);
        if (invocation.Json)
            invocation.Terminal.WriteJson(generation);
        else
            GenerationView.Write(invocation.Terminal, generation, asIds);
        return ExitCode.Ok;
    }

    private static async Task<int> StreamAsync(
        Invocation invocation, InferRequest request, bool asIds, CancellationToken cancellationToken)
    {
        var view = new GenerationStreamView(invocation.Terminal, asIds);
        await foreach (var response in invocation.Client.StreamInferAsync(request, cancellationToken))
        {
            if (invocation.Json)
                invocation.Terminal.WriteJson(response);
            else
                view.Write(response);
        }

        return ExitCode.Ok;
    }
}
