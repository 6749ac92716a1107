using System.Diagnostics;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Benchmarks.Checkpoints;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Benchmarks.Registry;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Benchmarks.Remote;

/// <summary>One table: for each model the session's loop in this process beside a server that holds 10,000 prompts.</summary>
/// <param name="only">Null: all models.</param>
internal sealed class GrpcRun(int repeats, string? only)
{
    private const int Sequences = 16;
    private const int Prompts = 10_000;
    private const int HotPrompts = 1000;
    private const long PrefixBytes = 2L << 30;
    private const double LeastSeconds = 2;
    private const double Share = 0.92;
    private const double SamePace = 0.97;
    private const double OverheadMilliseconds = 0.5;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var table = new MarkdownTable("model", "what", "median", "spread", "to reach", "verdict");
        if (only is null or "tiny")
            await MeasureAsync("tiny", DemoFiles.FindModel(DemoFiles.Program, DemoCommand.BundledModel), 256, table, cancellationToken);
        if (only is null or "gpt2")
            await MeasureAsync("gpt2", RandomGpt2(), 64, table, cancellationToken);
        table.Write(Console.Out);
    }

    private static DirectoryInfo RandomGpt2()
    {
        var directory = new DirectoryInfo(Path.Combine(Path.GetTempPath(), "softprompt-benchmarks", "gpt2"));
        if (!File.Exists(Path.Combine(directory.FullName, "complete")))
        {
            RandomCheckpoint.Write(directory.FullName, new Gpt2Shape(), seed: 1);
            File.WriteAllText(Path.Combine(directory.FullName, "complete"), "");
        }
        return directory;
    }

    private async Task MeasureAsync(string name, DirectoryInfo directory, int newTokens, MarkdownTable table, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("softprompt-grpc-");
        try
        {
            var model = ModelLoader.Load(name, directory.FullName, Path.Combine(data.FullName, "fingerprints"));
            using var weights = model.Weights;
            await PromptRows.WriteAsync(data.FullName, model, Prompts, cancellationToken);
            var options = new OnnxOptions { CacheDirectory = Path.Combine(data.FullName, "onnx"), MaxSequences = Sequences };
            var backend = new OnnxInferenceBackend(Options.Create(options), TimeProvider.System, NullLogger<OnnxInferenceBackend>.Instance);
            using var loop = new SessionLoop(await backend.OpenAsync(model, cancellationToken));
            await using var server = await ServerProcess.StartAsync(
                DemoFiles.FindServer(DemoFiles.Program), name, directory, cancellationToken,
                $"--Server:DataDirectory={data.FullName}", $"--Onnx:MaxPrefixBytes={PrefixBytes}");
            using var channel = GrpcChannel.ForAddress(server.Address);
            await StreamAsync(name, new(Sequences, 32, newTokens, model.Spec.VocabularySize), loop, channel, server.Id, table, cancellationToken);
            await InferAsync(name, new(1, 8, 8, model.Spec.VocabularySize), loop, channel, server.Id, table, cancellationToken);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private async Task StreamAsync(
        string name, Work work, SessionLoop loop, GrpcChannel channel, int server, MarkdownTable table, CancellationToken cancellationToken)
    {
        Streams Of(Func<int, string> prompt) => new(new(channel), prompt);
        var (none, one, many) = (Of(_ => ""), Of(_ => PromptRows.NameOf(0)), Of(i => PromptRows.NameOf(i % HotPrompts)));
        // Each prompt's first use computes its keys and values.
        for (var i = 0; i < HotPrompts; i += Sequences)
            await many.RunAsync(work with { InputTokens = 1, NewTokens = 1 }, cancellationToken);
        var rounds = await Rounds.RunAsync(
            repeats,
            [
                new("session loop, 16 sequences, tokens/s", _ => RateAsync(() => Task.FromResult(loop.Run(work)))),
                new("16 streams, tokens/s", ct => RateAsync(() => none.RunAsync(work, ct))),
                new("16 streams with one prompt, tokens/s", ct => RateAsync(() => one.RunAsync(work, ct))),
                new($"16 streams with {HotPrompts} prompts in turn, tokens/s", ct => RateAsync(() => many.RunAsync(work, ct))),
            ],
            cancellationToken,
            server);
        foreach (var series in rounds.Series)
            table.Add(name, series.Name, series.Median, MarkdownTable.Percent(series.Spread), "", "");
        Compare(name, rounds.Series[1], rounds.Series[0], Share, rounds, table);
        Compare(name, rounds.Series[3], rounds.Series[2], SamePace, rounds, table);
    }

    /// <summary>Over two seconds and more: the mean of all runs, each as large as the others.</summary>
    private static async Task<double> RateAsync(Func<Task<double>> run)
    {
        var (rates, start) = (new List<double>(), Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < LeastSeconds)
            rates.Add(await run());
        return rates.Count / rates.Sum(rate => 1 / rate);
    }

    private static void Compare(string name, Series series, Series baseline, double least, Rounds rounds, MarkdownTable table)
    {
        var share = series.Over(baseline);
        table.Add(name, share.Name.Replace(", tokens/s", ""), share.Median, MarkdownTable.Percent(share.Spread), least, Verdict.AtLeast(share, least, rounds));
    }

    private async Task InferAsync(
        string name, Work work, SessionLoop loop, GrpcChannel channel, int server, MarkdownTable table, CancellationToken cancellationToken)
    {
        var streams = new Streams(new(channel), _ => "");
        var outside = new List<double>();
        async Task AskAsync() => outside.Add((await streams.InferAsync(work, cancellationToken)).Outside);
        var rounds = await Rounds.RunAsync(
            repeats,
            [
                new("session loop, 8 tokens, ms", _ => Latency.MedianAsync(_ => Task.FromResult(loop.Run(work)))),
                new("Infer, 8 tokens, ms", _ => Latency.MedianAsync(_ => AskAsync())),
                new("Infer but for its prefill and decoding, ms", async _ =>
                {
                    outside.Clear();
                    await Latency.MedianAsync(_ => AskAsync());
                    return new Series("", [.. outside]).Median;
                }),
            ],
            cancellationToken,
            server);
        foreach (var series in rounds.Series)
            table.Add(name, series.Name, series.Median, MarkdownTable.Percent(series.Spread), "", "");
        var added = new Series("Infer - session loop, ms", [.. rounds.Series[1].Values.Zip(rounds.Series[0].Values, (infer, raw) => infer - raw)]);
        table.Add(name, added.Name, added.Median, MarkdownTable.Percent(added.Spread), OverheadMilliseconds, Verdict.AtMost(added.Median, OverheadMilliseconds, rounds));
    }
}
