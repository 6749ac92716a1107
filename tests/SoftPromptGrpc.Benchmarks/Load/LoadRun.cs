using Grpc.Net.Client;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Benchmarks.Registry;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Benchmarks.Load;

/// <summary>One table: what a server does at shares of the rate that it can bear, at that rate, and at twice that.</summary>
internal sealed class LoadRun(double seconds, int queueLength)
{
    private const string Model = "tiny";
    private const int Prompts = 200;
    private const int AtOnce = 48;
    private const double WarmUpSeconds = 25;
    private static readonly double[] Shares = [0.5, 0.7, 0.8, 0.9, 1.0];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var directory = DemoFiles.FindModel(DemoFiles.Program, DemoCommand.BundledModel);
        var data = Directory.CreateTempSubdirectory("softprompt-load-");
        try
        {
            var model = ModelLoader.Load(Model, directory.FullName, Path.Combine(data.FullName, "fingerprints"));
            using (model.Weights)
                await PromptRows.WriteAsync(data.FullName, model, Prompts, cancellationToken);
            await using var server = await ServerProcess.StartAsync(
                DemoFiles.FindServer(DemoFiles.Program), Model, directory, cancellationToken,
                $"--Server:DataDirectory={data.FullName}", $"--Inference:QueueLength={queueLength}");
            // One connection carries a hundred calls at most; more would wait in the client.
            using var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
            using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = handler });
            var requests = new MixedRequests(new InferenceService.InferenceServiceClient(channel), Prompts, model.Spec.VocabularySize);
            await MeasureAsync(new OpenLoop(requests.SendAsync), server.Id, cancellationToken);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private async Task MeasureAsync(OpenLoop loop, int server, CancellationToken cancellationToken)
    {
        var table = new MarkdownTable(
            "offered", "requests/s", "answered/s", "p50, ms", "p99, ms", "refused", "refusals: p50, ms", "p99, ms", "failed", "server's peak memory");
        await loop.FillAsync(AtOnce, WarmUpSeconds, cancellationToken);
        var most = await AddAsync($"{AtOnce} at a time", double.NaN, server, table, () => loop.FillAsync(AtOnce, seconds, cancellationToken));
        foreach (var share in Shares)
            await ArriveAsync(share);
        await ArriveAsync(2);
        await ArriveAsync(2);
        await ArriveAsync(0.7);
        table.Write(Console.Out);

        Task ArriveAsync(double share)
        {
            var rate = share * most.AnsweredPerSecond;
            return AddAsync(MarkdownTable.Percent(share), rate, server, table, () => loop.ArriveAsync(rate, seconds, cancellationToken));
        }
    }

    private static async Task<Outcomes> AddAsync(string name, double rate, int server, MarkdownTable table, Func<Task<Outcomes>> run)
    {
        await using var watch = new ServerWatch(server);
        var load = ForeignLoad.Start(server);
        var outcomes = await run();
        var foreign = load.Cores();
        table.Add(
            foreign > ForeignLoad.QuietCores ? $"{name} (disturbed)" : name, rate, outcomes.AnsweredPerSecond,
            outcomes.AnsweredPercentile(0.5), outcomes.AnsweredPercentile(0.99),
            MarkdownTable.Percent(outcomes.RefusedShare), outcomes.RefusedPercentile(0.5), outcomes.RefusedPercentile(0.99),
            outcomes.Failed, MarkdownTable.Mebibytes(watch.PeakMemory));
        return outcomes;
    }
}
