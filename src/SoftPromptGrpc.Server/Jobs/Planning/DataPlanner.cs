using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <param name="Training">In the order that they were sent.</param>
/// <param name="Evaluation">Sent as such or held out.</param>
/// <param name="Labels">The answers to choose from, as token ids; empty where there are too many.</param>
internal sealed record PlannedData(
    IReadOnlyList<EncodedExample> Training, IReadOnlyList<EncodedExample> Evaluation, IReadOnlyList<int[]> Labels)
{
    public IEnumerable<EncodedExample> All => Training.Concat(Evaluation);
}

/// <summary>Encodes the examples, fits them into the context and holds some out.</summary>
/// <param name="room">Positions that the virtual tokens leave.</param>
/// <param name="isShared">Whether input and target divide the room between them: each has it for itself where there is an encoder.</param>
internal sealed class DataPlanner(ContentEncoder encoder, int room, bool isShared)
{
    private const int MostDefaultLabels = 100;

    /// <summary>Apart from every stream that a training draws from.</summary>
    private const long SplitStream = -2;

    public List<EncodedExample> Encode(IReadOnlyList<Wire.Example> examples, string field)
    {
        var encoded = new List<EncodedExample>(examples.Count);
        for (var i = 0; i < examples.Count; i++)
        {
            var (example, path) = (examples[i], $"{field}.examples[{i}]");
            encoded.Add(Fit(example, encoder.Input(example.Input, $"{path}.input"), encoder.Target(example.Target, $"{path}.target"), path));
        }
        return encoded;
    }

    /// <param name="spec">Its split ratio is known.</param>
    public PlannedData Split(Wire.TrainingSpec spec, IReadOnlyList<EncodedExample> training, IReadOnlyList<EncodedExample> evaluation)
    {
        var labels = Labels([.. spec.Evaluation.Labels], [.. training, .. evaluation]);
        var count = (int)Math.Round(training.Count * spec.Evaluation.SplitRatio);
        if (evaluation.Count > 0 || count == 0)
            return new PlannedData(training, evaluation, labels);
        int[] order = [.. Enumerable.Range(0, training.Count)];
        SeededRandom.For(spec.Seed, SplitStream).Shuffle(order.AsSpan());
        var heldOut = order.Take(count).ToHashSet();
        return new PlannedData(
            [.. training.Where((_, i) => !heldOut.Contains(i))], [.. training.Where((_, i) => heldOut.Contains(i))], labels);
    }

    private EncodedExample Fit(Wire.Example source, int[] input, int[] target, string path)
    {
        if (target.Length > room)
            encoder.Report($"{path}.target", $"has {target.Length} tokens; context and virtual tokens leave room for {room}");
        var kept = Math.Clamp(isShared ? room - target.Length : room, 0, input.Length);
        return new EncodedExample(source, new TrainingExample(input[^kept..], target), input.Length);
    }

    private int[][] Labels(Wire.Content[] requested, EncodedExample[] examples)
    {
        int[][] labels = requested.Length > 0
            ? [.. requested.Select((label, i) => encoder.Target(label, $"spec.evaluation.labels[{i}]"))]
            : [.. examples.Select(e => e.Tokens.Target)];
        int[][] distinct = [.. labels.Distinct(TokenSequenceComparer.Instance)];
        return requested.Length > 0 || distinct.Length <= MostDefaultLabels ? distinct : [];
    }
}
