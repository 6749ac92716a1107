using System.Diagnostics;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Benchmarks.Soak;

/// <summary>Everything at once for some minutes: one trains, some ask, one imports and deletes, and what the server takes is looked at.</summary>
internal sealed class MixedSoak(double minutes)
{
    private const string Model = "tiny";
    private const string Trained = "soak";
    private const int Asking = 8;
    private const int Steps = 200;
    private const int Looks = 10;

    private readonly long _start = Stopwatch.GetTimestamp();
    private int _requests;
    private int _trainings;
    private int _imports;

    private bool IsOver => Stopwatch.GetElapsedTime(_start).TotalMinutes >= minutes;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var model = DemoFiles.FindModel(DemoFiles.Program, DemoCommand.BundledModel);
        var metrics = Footprint.FreeAddress();
        await using var server = await ServerProcess.StartAsync(
            DemoFiles.FindServer(DemoFiles.Program), Model, model, cancellationToken, $"--Telemetry:MetricsListen={metrics}");
        await using var client = new SoftPromptClient(server.Address.ToString());
        var task = DemoTask.Read(model, null);
        await TrainAsync(client, task, cancellationToken);
        Task[] work =
        [
            RepeatAsync(() => TrainAsync(client, task, cancellationToken)),
            RepeatAsync(() => ImportAsync(client, cancellationToken)),
            .. Enumerable.Range(0, Asking).Select(_ => RepeatAsync(() => AskAsync(client, task, cancellationToken))),
        ];
        await LookAsync(new(server.Id, metrics), cancellationToken);
        await Task.WhenAll(work);
        return 0;
    }

    private async Task RepeatAsync(Func<Task> work)
    {
        while (!IsOver)
            await work();
    }

    private async Task LookAsync(Footprint footprint, CancellationToken cancellationToken)
    {
        var table = new MarkdownTable(
            "minute", "requests", "trainings", "imported and deleted", "managed heap", "resident memory", "descriptors", "threads");
        for (var look = 0; look <= Looks; look++)
        {
            var due = TimeSpan.FromMinutes(minutes * look / Looks) - Stopwatch.GetElapsedTime(_start);
            await Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero, cancellationToken);
            var seen = await footprint.ReadAsync(cancellationToken);
            table.Add(
                Stopwatch.GetElapsedTime(_start).TotalMinutes, _requests, _trainings, _imports,
                MarkdownTable.Mebibytes(seen.ManagedHeap), MarkdownTable.Mebibytes(seen.Resident), seen.Descriptors, seen.Threads);
        }
        table.Write(Console.Out);
    }

    private async Task TrainAsync(SoftPromptClient client, DemoTask task, CancellationToken cancellationToken)
    {
        var spec = new TrainingSpec { Model = Model, Prompt = Trained, Examples = task.Training, Steps = Steps, BatchSize = 4 };
        await foreach (var trainingEvent in client.TrainAsync(spec, cancellationToken))
        {
            if (trainingEvent.Failure is { } failure)
                throw new InvalidOperationException(failure.Message);
        }
        Interlocked.Increment(ref _trainings);
    }

    private async Task AskAsync(SoftPromptClient client, DemoTask task, CancellationToken cancellationToken)
    {
        var n = Interlocked.Increment(ref _requests);
        await client.InferAsync(
            new InferRequest
            {
                Model = Model,
                Prompt = n % 2 == 0 ? Trained : "",
                Input = task.Test.Examples[n % task.Test.Examples.Count].Input,
                Generation = new GenerationOptions { MaxNewTokens = 16, Temperature = 1, Seed = n },
            },
            cancellationToken);
    }

    private async Task ImportAsync(SoftPromptClient client, CancellationToken cancellationToken)
    {
        using var adapter = new MemoryStream();
        await client.ExportPromptAsync(Trained, AdapterFormat.PeftZip, adapter, cancellationToken);
        adapter.Position = 0;
        var name = $"copy-{_imports % 50}";
        await client.ImportPromptAsync(new ImportHeader { Model = Model, Prompt = name, Format = AdapterFormat.PeftZip }, adapter, cancellationToken);
        await client.InferAsync(new InferRequest { Prompt = name, Input = new() { Text = "So" }, Generation = new() { MaxNewTokens = 2 } }, cancellationToken);
        await client.DeletePromptAsync(name, cancellationToken);
        Interlocked.Increment(ref _imports);
    }
}
