using System.Diagnostics;
using Grpc.Net.Client;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Benchmarks.Registry;

/// <summary>One table: a server with very many prompts, beside one with a single prompt where that matters.</summary>
internal sealed class RegistryRun(int prompts, int repeats)
{
    private const string Model = "tiny";
    private const int HotPrompts = 1000;
    private const double ListMilliseconds = 10;
    private const double StartSeconds = 2;
    private const double Penalty = 1.05;

    private readonly DirectoryInfo _model = DemoFiles.FindModel(DemoFiles.Program, DemoCommand.BundledModel);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var scratch = Directory.CreateTempSubdirectory("softprompt-registry-");
        try
        {
            var (few, many) = (Path.Combine(scratch.FullName, "few"), Path.Combine(scratch.FullName, "many"));
            await FillAsync(few, 1, cancellationToken);
            await FillAsync(many, prompts, cancellationToken);
            await MeasureAsync(few, many, cancellationToken);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private async Task FillAsync(string data, int count, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var model = ModelLoader.Load(Model, _model.FullName, Path.Combine(data, "fingerprints"));
        using (model.Weights)
            await PromptRows.WriteAsync(data, model, count, cancellationToken);
        Console.WriteLine($"{count} prompts written in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s.");
    }

    private async Task MeasureAsync(string few, string many, CancellationToken cancellationToken)
    {
        var table = new MarkdownTable("with " + prompts + " prompts", "median", "spread", "to reach", "verdict");
        await using (var fewServer = await StartAsync(few, cancellationToken))
        await using (var manyServer = await StartAsync(many, cancellationToken))
        {
            using var fewChannel = GrpcChannel.ForAddress(fewServer.Address);
            using var manyChannel = GrpcChannel.ForAddress(manyServer.Address);
            int[] servers = [fewServer.Id, manyServer.Id];
            await ListAsync(new(manyChannel), servers, table, cancellationToken);
            await InferAsync(new(fewChannel), new(manyChannel), servers, table, cancellationToken);
        }
        var starts = await Rounds.RunAsync(repeats, [new("start to first answer, s", ct => StartTimeAsync(many, ct))], cancellationToken);
        Add(table, starts.Series[0], StartSeconds, starts);
        table.Write(Console.Out);
    }

    private Task<ServerProcess> StartAsync(string data, CancellationToken cancellationToken) => ServerProcess.StartAsync(
        DemoFiles.FindServer(DemoFiles.Program), Model, _model, cancellationToken, $"--Server:DataDirectory={data}");

    private async Task ListAsync(
        PromptService.PromptServiceClient client, int[] servers, MarkdownTable table, CancellationToken cancellationToken)
    {
        var deep = new ListPromptsRequest { PageSize = 1000 };
        for (var i = 0; i < 20; i++)
            deep.PageToken = (await client.ListPromptsAsync(deep, cancellationToken: cancellationToken)).NextPageToken;
        (string Name, ListPromptsRequest Request)[] pages =
        [
            ("list, by name", new()),
            ("list, by name, behind 20000", new ListPromptsRequest { PageToken = deep.PageToken }),
            ("list, of a model, newest first", new ListPromptsRequest { Filter = $"model = \"{Model}\"", OrderBy = "create_time desc" }),
            ("list, with a label, newest first", new ListPromptsRequest { Filter = "labels.team = \"t7\"", OrderBy = "create_time desc" }),
            ("list, with two labels and a name, by version", new ListPromptsRequest
            {
                Filter = "labels.stage = \"prod\" AND labels.team = \"t20\" AND name = \"task-01*\"", OrderBy = "version desc",
            }),
            ("list, all versions, newest first", new ListPromptsRequest { AllVersions = true, OrderBy = "create_time desc" }),
        ];
        foreach (var (_, request) in pages)
            request.PageSize = 50;
        var candidates = pages.Select(page => new Candidate($"{page.Name}, ms", _ => Latency.MedianAsync(
            async _ => await client.ListPromptsAsync(page.Request, cancellationToken: cancellationToken))));
        var rounds = await Rounds.RunAsync(repeats, [.. candidates], cancellationToken, servers);
        foreach (var series in rounds.Series)
            Add(table, series, ListMilliseconds, rounds);
    }

    private async Task InferAsync(
        InferenceService.InferenceServiceClient few,
        InferenceService.InferenceServiceClient many,
        int[] servers,
        MarkdownTable table,
        CancellationToken cancellationToken)
    {
        var hot = Math.Min(prompts, HotPrompts);
        // Each prompt's first use computes its keys and values.
        for (var i = 0; i < hot; i++)
            await InferAsync(many, i, cancellationToken);
        Candidate[] candidates =
        [
            new("Infer of the only prompt, ms", _ => Latency.MedianAsync(_ => InferAsync(few, 0, cancellationToken))),
            new("Infer of one prompt, ms", _ => Latency.MedianAsync(_ => InferAsync(many, prompts / 2, cancellationToken))),
            new($"Infer of {hot} prompts in turn, ms", _ => Latency.MedianAsync(i => InferAsync(many, i % hot, cancellationToken))),
        ];
        var rounds = await Rounds.RunAsync(repeats, candidates, cancellationToken, servers);
        foreach (var series in rounds.Series)
            table.Add(series.Name, series.Median, MarkdownTable.Percent(series.Spread), "", "");
        foreach (var series in rounds.Series.Skip(1))
            Add(table, series.Over(rounds.Series[0]), Penalty, rounds);
    }

    private static async Task InferAsync(InferenceService.InferenceServiceClient client, int n, CancellationToken cancellationToken) =>
        await client.InferAsync(
            new InferRequest
            {
                Prompt = PromptRows.NameOf(n),
                Input = new() { Text = "The soup was cold and the waiter rude." },
                Generation = new() { MaxNewTokens = 8, IgnoreEndOfSequence = true },
            },
            cancellationToken: cancellationToken);

    private async Task<double> StartTimeAsync(string data, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await using var server = await StartAsync(data, cancellationToken);
        using var channel = GrpcChannel.ForAddress(server.Address);
        await InferAsync(new(channel), 0, cancellationToken);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Add(MarkdownTable table, Series series, double most, Rounds rounds) => table.Add(
        series.Name, series.Median, MarkdownTable.Percent(series.Spread), most, Verdict.AtMost(series.Median, most, rounds));
}
