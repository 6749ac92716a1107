using System.CommandLine;

namespace SoftPromptGrpc.Benchmarks.Soak;

/// <summary>Whether a server that trains and answers for long keeps the memory that it had early on.</summary>
internal static class SoakCommand
{
    public static Command Create()
    {
        var steps = new Option<int>("--steps") { Description = "Training steps.", DefaultValueFactory = _ => 5000 };
        var requests = new Option<int>("--requests") { Description = "Requests.", DefaultValueFactory = _ => 5000 };
        var minutes = new Option<double?>("--minutes") { Description = "Instead: training, requests, imports and deletes all at once, for so long." };
        var command = new Command("soak", "Trains, then answers, and compares the server's memory with that after the first hundred.")
        {
            steps, requests, minutes,
        };
        command.SetAction((arguments, cancellationToken) => arguments.GetValue(minutes) is { } most
            ? new MixedSoak(most).RunAsync(cancellationToken)
            : new SoakRun(arguments.GetRequiredValue(steps), arguments.GetRequiredValue(requests)).RunAsync(cancellationToken));
        return command;
    }
}
