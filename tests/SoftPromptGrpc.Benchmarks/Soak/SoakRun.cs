using System.Diagnostics;
using System.Globalization;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Benchmarks.Soak;

/// <summary>A training of many steps, then many requests with and without the prompt, 16 at a time, against one server.</summary>
internal sealed class SoakRun(int steps, int requests)
{
    private const string Model = "tiny";
    private const int WarmUp = 100;
    private const int Concurrency = 16;
    private const int BatchSize = 4;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var program = DemoFiles.Program;
        var model = DemoFiles.FindModel(program, DemoCommand.BundledModel);
        await using var server = await ServerProcess.StartAsync(DemoFiles.FindServer(program), Model, model, cancellationToken);
        await using var client = new SoftPromptClient(server.Address.ToString());
        var task = DemoTask.Read(model, null);
        Console.WriteLine("| phase | done | resident memory of the server |");
        Console.WriteLine("| --- | --- | --- |");
        await TrainAsync(client, server, task, cancellationToken);
        await AnswerAsync(client, server, task, cancellationToken);
        return 0;
    }

    private async Task TrainAsync(SoftPromptClient client, ServerProcess server, DemoTask task, CancellationToken cancellationToken)
    {
        var spec = new TrainingSpec { Model = Model, Prompt = "soak", Examples = task.Training, Steps = steps, BatchSize = BatchSize };
        await foreach (var trainingEvent in client.TrainAsync(spec, cancellationToken))
        {
            if (trainingEvent.Step is { } step && (step.Step == WarmUp || step.Step % 1000 == 0))
                Report("training steps", step.Step, server);
            if (trainingEvent.Failure is { } failure)
                throw new InvalidOperationException(failure.Message);
        }
    }

    private async Task AnswerAsync(SoftPromptClient client, ServerProcess server, DemoTask task, CancellationToken cancellationToken)
    {
        var done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, requests), options, async (i, ct) =>
        {
            var input = task.Test.Examples[i % task.Test.Examples.Count].Input;
            await client.InferAsync(Request(input, i), ct);
            var count = Interlocked.Increment(ref done);
            if (count == WarmUp || count % 1000 == 0)
                Report("requests", count, server);
        });
    }

    private static InferRequest Request(Content input, int i) => new()
    {
        Model = Model,
        Prompt = i % 2 == 0 ? "soak" : "",
        Input = input,
        Generation = new GenerationOptions { MaxNewTokens = 16, Temperature = 1, Seed = i },
    };

    private static void Report(string phase, int done, ServerProcess server)
    {
        using var process = Process.GetProcessById(server.Id);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {phase} | {done} | {process.WorkingSet64 / 1048576.0:0} MiB |"));
    }
}
