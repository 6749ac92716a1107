using System.CommandLine;

namespace SoftPromptGrpc.Benchmarks.Remote;

/// <summary>What a client gets of the session's speed.</summary>
internal static class GrpcCommand
{
    public static Command Create()
    {
        var repeats = new Option<int>("--repeats") { DefaultValueFactory = _ => 3 };
        var only = new Option<string?>("--model") { Description = "tiny or gpt2. Default: both." };
        var command = new Command("grpc", "16 streams of a server beside the session's own loop: the bundled model, and GPT-2's shape with random weights.")
        {
            repeats, only,
        };
        command.SetAction((arguments, cancellationToken) =>
            new GrpcRun(arguments.GetRequiredValue(repeats), arguments.GetValue(only)).RunAsync(cancellationToken));
        return command;
    }
}
