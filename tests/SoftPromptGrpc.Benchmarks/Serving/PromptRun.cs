using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>One table: requests behind some prompts beside requests behind others, as they begin and as they are continued.</summary>
internal sealed class PromptRun(int threads, int repeats, Engine engine, CacheType cache)
{
    private const int VirtualTokens = 100;
    private const int InputTokens = 96;
    private const int MeanTokens = 128;

    private readonly SoftPrompt[] _prompts =
        [.. Enumerable.Range(1, 16).Select(seed => RandomModel.Prompt(Gpt2.Spec, VirtualTokens, (ulong)seed))];

    private readonly MarkdownTable _table = new(
        "workload", "requests", "tokens/s", "spread", "of bandwidth", "of GEMM rate", "ratio", "spread", "to reach", "verdict");

    public async Task RunAsync(IReadOnlyList<PromptWorkload> workloads, CancellationToken cancellationToken)
    {
        var machine = (Reading: MachineRates.Reading(threads), Products: MachineRates.Products(threads));
        Console.WriteLine(
            $"{threads} threads; {MarkdownTable.Number(machine.Reading / 1e9)} GB/s read, {MarkdownTable.Number(machine.Products / 1e9)} GFLOP/s in float32.");
        using var engines = new Engines(threads, workloads.Max(workload => workload.Requests));
        var session = await engines.SessionAsync(ServingPrecision.Full, engine, cache, cancellationToken);
        foreach (var workload in workloads)
        {
            await MeasureAsync(workload, "first token", InputTokens, () => Workload.Prefill(session, workload.Requests, InputTokens));
            await MeasureAsync(workload, "decode", 1, () => Workload.Decode(session, workload.Requests));
        }
        _table.Write(Console.Out);

        async Task MeasureAsync(PromptWorkload workload, string phase, int tokensPerPass, Func<double> measure)
        {
            Candidate[] candidates = [.. Variants(workload).Select(variant => Candidate.Of(variant.Name, () =>
            {
                session.Prompts = variant.Prompts;
                return measure();
            }))];
            Report($"{phase}, {workload.Name}", workload, tokensPerPass, machine, await Rounds.RunAsync(repeats, candidates, cancellationToken));
        }
    }

    private (string Name, SoftPrompt[] Prompts)[] Variants(PromptWorkload workload) =>
        [.. new[] { workload.BaselinePrompts, workload.Prompts }.Select(count => (Name(count), _prompts[..count]))];

    private void Report(string name, PromptWorkload workload, int tokensPerPass, (double Reading, double Products) machine, Rounds rounds)
    {
        var ratio = rounds.Series[1].Over(rounds.Series[0]);
        foreach (var (series, prompts) in rounds.Series.Zip([workload.BaselinePrompts, workload.Prompts]))
        {
            var positions = MeanTokens + (prompts == 0 ? 0 : VirtualTokens);
            // Every pass reads the weights once, and every token the keys and values in front of it.
            var bytes = sizeof(float) * ((double)Gpt2.MultipliedWeights / workload.Requests + (double)Gpt2.KeysAndValues * positions) / tokensPerPass;
            object[] comparison = prompts == workload.BaselinePrompts
                ? ["", "", "", ""]
                : [ratio.Median, MarkdownTable.Percent(ratio.Spread), workload.LeastRatio, Verdict.AtLeast(ratio, workload.LeastRatio, rounds)];
            _table.Add([
                name, series.Name, series.Median, MarkdownTable.Percent(series.Spread),
                MarkdownTable.Percent(series.Median * bytes / machine.Reading),
                MarkdownTable.Percent(series.Median * 2 * Gpt2.MultipliedWeights / machine.Products), .. comparison,
            ]);
        }
    }

    private static string Name(int prompts) => prompts switch { 0 => "no prompt", 1 => "one prompt", _ => $"{prompts} prompts" };
}
