using System.CommandLine;

namespace SoftPromptGrpc.Benchmarks.Load;

/// <summary>What a server does with as many requests as it can bear, and with more.</summary>
internal static class LoadCommand
{
    public static Command Create()
    {
        var seconds = new Option<double>("--seconds") { Description = "Of each rate.", DefaultValueFactory = _ => 8 };
        var queue = new Option<int>("--queue") { Description = "Requests that may wait in the server.", DefaultValueFactory = _ => 128 };
        var command = new Command("load", "Requests that arrive at random, at rates up to twice the one that the server can bear; bundled model.")
        {
            seconds, queue,
        };
        command.SetAction((arguments, cancellationToken) =>
            new LoadRun(arguments.GetRequiredValue(seconds), arguments.GetRequiredValue(queue)).RunAsync(cancellationToken));
        return command;
    }
}
