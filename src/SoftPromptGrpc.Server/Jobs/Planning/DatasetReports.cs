using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <summary>What the examples look like to the model.</summary>
internal static class DatasetReports
{
    private const int MostLabels = 100;

    public static Wire.DatasetReport Of(PlannedData data)
    {
        EncodedExample[] all = [.. data.All];
        var report = new Wire.DatasetReport
        {
            ExampleCount = data.Training.Count,
            EvaluationExampleCount = data.Evaluation.Count,
            InputTokens = Lengths(all.Select(e => e.InputLength)),
            TargetTokens = Lengths(all.Select(e => e.Tokens.Target.Length)),
            TruncatedCount = all.Count(e => e.IsTruncated),
            DuplicateCount = all.Length - all.DistinctBy(e => (Key(e.Source.Input), Key(e.Source.Target))).Count(),
            ContradictoryCount = Contradictions(all),
            EmptyInputCount = all.Count(e => e.InputLength == 0),
            OverlapCount = Overlap(data),
            Sha256 = Hash(all),
        };
        report.Labels.AddRange(Labels(all));
        report.Warnings.AddRange(Warnings(report));
        return report;
    }

    private static Wire.LengthSummary Lengths(IEnumerable<int> lengths)
    {
        int[] sorted = [.. lengths.Order()];
        return new()
        {
            Min = sorted[0],
            P50 = Percentile(50),
            P90 = Percentile(90),
            P99 = Percentile(99),
            Max = sorted[^1],
            Mean = sorted.Average(),
        };

        int Percentile(int percent) => sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percent / 100.0) - 1)];
    }

    private static int Contradictions(EncodedExample[] all) => all
        .GroupBy(e => Key(e.Source.Input))
        .Where(sameInput => sameInput.Select(e => Key(e.Source.Target)).Distinct().Skip(1).Any())
        .Sum(sameInput => sameInput.Count());

    private static int Overlap(PlannedData data)
    {
        var training = data.Training.Select(e => Key(e.Source.Input)).ToHashSet();
        return data.Evaluation.Select(e => Key(e.Source.Input)).Distinct().Count(training.Contains);
    }

    private static List<Wire.LabelCount> Labels(EncodedExample[] all)
    {
        var counts = all
            .GroupBy(e => Key(e.Source.Target))
            .Select(same => new Wire.LabelCount { Label = same.First().Source.Target, Count = same.Count() })
            .OrderByDescending(label => label.Count)
            .ToList();
        return counts.Count <= MostLabels ? counts : [];
    }

    private static IEnumerable<string> Warnings(Wire.DatasetReport report)
    {
        var all = report.ExampleCount + report.EvaluationExampleCount;
        if (report.TruncatedCount > 0)
            yield return $"{report.TruncatedCount} of {all} inputs were truncated";
        if (report.DuplicateCount > 0)
            yield return $"{report.DuplicateCount} of {all} examples repeat an earlier one";
        if (report.ContradictoryCount > 0)
            yield return $"{report.ContradictoryCount} of {all} examples have the same input as another one but another target";
        if (report.EmptyInputCount > 0)
            yield return $"{report.EmptyInputCount} of {all} inputs are empty";
        if (report.OverlapCount > 0)
            yield return $"{report.OverlapCount} inputs of the evaluation examples stand in the training examples too";
        if (report.EvaluationExampleCount == 0)
            yield return "there are no evaluation examples: nothing will tell how good the prompt is";
        if (report.Labels.Count == 1 && all > 1)
            yield return "all targets are the same";
    }

    private static string Hash(EncodedExample[] all)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = new byte[sizeof(int)];
        foreach (var bytes in all.Select(e => e.Source.ToByteArray()))
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static ByteString Key(Wire.Content? content) => content?.ToByteString() ?? ByteString.Empty;
}
