using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Benchmarks.LlamaCpp;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>One table: this backend and llama.cpp over some workloads.</summary>
/// <param name="llama">Where llama.cpp's libraries are; null: it is left out.</param>
internal sealed class ServingRun(string? llama, IReadOnlyList<ServingPrecision> precisions, int threads, int repeats)
{
    private const int Sequences = 16;

    /// <param name="workloads">In tokens a second, with the least ratio to llama.cpp in float32 and in 8 bits.</param>
    public async Task RunAsync(IReadOnlyList<ServingWorkload> workloads, CancellationToken cancellationToken)
    {
        var (reading, products) = (MachineRates.Reading(threads), MachineRates.Products(threads));
        Console.WriteLine(
            $"{threads} threads; {MarkdownTable.Number(reading / 1e9)} GB/s read, {MarkdownTable.Number(products / 1e9)} GFLOP/s in float32.");
        using var engines = new Engines(threads, Sequences);
        var table = new MarkdownTable("workload", "engine", "tokens/s", "spread", "of bandwidth", "of GEMM rate", "ratio", "spread", "to reach", "verdict");
        var library = llama is null ? null : new LlamaLibrary(llama);
        foreach (var precision in precisions)
        {
            var isQuantized = precision == ServingPrecision.EightBit;
            var pair = new Pair(
                isQuantized ? "8 bits" : "float32", isQuantized ? sizeof(sbyte) : sizeof(float),
                await engines.SessionAsync(precision, Engine.Auto, CacheType.Full, cancellationToken), library is null ? null : engines.Llama(library, isQuantized));
            if (pair.Theirs is not null)
                Console.WriteLine($"{pair.Precision}: logits differ by {Workload.Difference(pair.Ours, pair.Theirs):0.0e0} of their size.");
            foreach (var workload in workloads)
                await MeasureAsync(workload, pair, isQuantized ? workload.Int8Ratio : workload.Float32Ratio, (reading, products), table, cancellationToken);
        }
        table.Write(Console.Out);
    }

    private async Task MeasureAsync(
        ServingWorkload workload, Pair pair, double target, (double Reading, double Products) machine, MarkdownTable table,
        CancellationToken cancellationToken)
    {
        List<Candidate> candidates = [Candidate.Of($"session, {pair.Precision}", () => workload.Measure(pair.Ours))];
        if (pair.Theirs is { } theirs)
            candidates.Add(Candidate.Of($"llama.cpp, {pair.Precision}", () => workload.Measure(theirs)));
        var rounds = await Rounds.RunAsync(repeats, candidates, cancellationToken);
        foreach (var series in rounds.Series)
        {
            var ratio = series.Over(rounds.Series[^1]);
            var (bytes, operations) = (Gpt2.MultipliedWeights * pair.WeightSize / workload.TokensPerPass, 2.0 * Gpt2.MultipliedWeights);
            object[] comparison = ReferenceEquals(series, rounds.Series[^1])
                ? ["", "", "", ""]
                : [ratio.Median, MarkdownTable.Percent(ratio.Spread), target, Verdict.AtLeast(ratio, target, rounds)];
            table.Add([
                workload.Name, series.Name, series.Median, MarkdownTable.Percent(series.Spread),
                MarkdownTable.Percent(series.Median * bytes / machine.Reading), MarkdownTable.Percent(series.Median * operations / machine.Products),
                .. comparison,
            ]);
        }
    }

    private sealed record Pair(string Precision, int WeightSize, IEngine Ours, IEngine? Theirs);
}

/// <param name="TokensPerPass">Over which one reading of the weights is shared.</param>
/// <param name="Measure">Tokens a second.</param>
internal sealed record ServingWorkload(
    string Name, int TokensPerPass, Func<IEngine, double> Measure, double Float32Ratio, double Int8Ratio);
