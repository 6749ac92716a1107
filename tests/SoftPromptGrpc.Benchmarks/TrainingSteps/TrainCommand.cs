using System.CommandLine;
using System.Globalization;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Benchmarks.TrainingSteps;

/// <summary>Training as PEFT does it against training as we do it, in turn, on the same libtorch.</summary>
internal static class TrainCommand
{
    private const string Name = "train";
    private const double MemoryShare = 0.5;

    public static Command Create()
    {
        var cases = new Argument<string[]>("CASE") { Description = $"Of {string.Join(", ", TrainCase.Names)}; none: all.", Arity = ArgumentArity.ZeroOrMore };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 5, Description = "Quiet rounds that are measured." };
        var peakOf = new Option<string?>("--peak-of") { Hidden = true, Description = "Prints the peak of 'plain' or 'packed' in bytes, and nothing else." };
        var command = new Command(Name, "Measures training steps: the plain way, padded, a prompt for every example, and ours.")
        {
            cases, rounds, peakOf,
        };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            TorchDevice.Open(new TorchOptions());
            var names = arguments.GetValue(cases) is { Length: > 0 } some ? some : [.. TrainCase.Names];
            if (arguments.GetValue(peakOf) is { } side)
                Console.WriteLine(PeakOf(TrainCase.Of(names[0]), side).ToString(CultureInfo.InvariantCulture));
            else
                await MeasureAsync(names, arguments.GetValue(rounds), cancellationToken);
        });
        return command;
    }

    private static async Task MeasureAsync(string[] names, int rounds, CancellationToken cancellationToken)
    {
        var threads = Environment.ProcessorCount;
        var best = MachineRates.Products(threads);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{threads} threads; products at best {best / 1e9:0} GFLOP/s."));
        var table = new MarkdownTable(
            "case", "plain: samples/s", "ours", "ratio", "spread", "asked for", "of the product rate: plain", "ours", "peak memory: plain", "ours",
            "loss apart by", "gradient apart by", "speed", "memory");
        foreach (var name in names)
            await AddAsync(table, name, rounds, best, cancellationToken);
        table.Write(Console.Out);
    }

    private static async Task AddAsync(MarkdownTable table, string name, int count, double best, CancellationToken cancellationToken)
    {
        long[] peaks = [await PeakAsync(name, Plain, cancellationToken), await PeakAsync(name, Packed, cancellationToken)];
        var @case = TrainCase.Of(name);
        using var weights = Load(@case.Model);
        var (plain, packed) = (Side(@case, weights, Plain), Side(@case, weights, Packed));
        var (expected, actual) = (plain.Gradients(), packed.Gradients());
        var rounds = await Rounds.RunAsync(count, [Candidate.Of(Plain, plain.Speed), Candidate.Of(Packed, packed.Speed)], cancellationToken);
        var (theirs, ours) = (rounds.Series[0], rounds.Series[1]);
        var ratio = ours.Over(theirs);
        table.Add(
            name, theirs.Median, ours.Median, ratio.Median, MarkdownTable.Percent(ratio.Spread), @case.Ratio,
            Share(ProductWork.OfPlain(@case), theirs), Share(ProductWork.OfPacked(@case), ours),
            MarkdownTable.Mebibytes(peaks[0]), MarkdownTable.Mebibytes(peaks[1]),
            Difference(actual.LossDifference(expected)), Difference(expected.ByTensor.Keys.Max(tensor => actual.Difference(expected, tensor))),
            Verdict.AtLeast(ratio, @case.Ratio, rounds), peaks[1] <= MemoryShare * peaks[0] ? "reached" : "missed");

        string Share(double work, Series speed) => MarkdownTable.Percent(work / @case.Examples.Count * speed.Median / best);
    }

    private const string Plain = "plain";
    private const string Packed = "packed";

    private static Task<long> PeakAsync(string name, string side, CancellationToken cancellationToken) =>
        ChildRun.NumberAsync([Name, name, "--peak-of", side], cancellationToken);

    /// <summary>Of this process, which has done nothing else, the weights included.</summary>
    private static long PeakOf(TrainCase @case, string side)
    {
        using var weights = Load(@case.Model);
        var peak = ResidentPeak.Start() ?? throw new PlatformNotSupportedException("Only Linux tells a process's peak of memory.");
        Side(@case, weights, side).Run();
        return @case.Model.WeightBytes(keepsPrecision: false) + peak.Bytes;
    }

    private static TrainedSide Side(TrainCase @case, DecoderWeights weights, string side) =>
        side == Plain ? TrainedSide.Plain(@case, weights) : TrainedSide.Packed(@case, weights);

    private static DecoderWeights Load(BaseModel model) => DecoderWeights.Load((DecoderSpec)model.Spec, model.Weights, CPU);

    private static string Difference(double relative) => relative.ToString("0.0e0", CultureInfo.InvariantCulture);
}
