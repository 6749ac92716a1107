using SoftPromptGrpc.Backends.Torch.Packing;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Benchmarks.TrainingSteps;

/// <summary>Floating-point operations of a case's products with weights, forward and backward; attention's own are left out.</summary>
internal static class ProductWork
{
    // A multiplication and an addition, forward and for the gradient of the input.
    private const int OperationsPerWeight = 4;

    public static double OfPlain(TrainCase @case) => @case.Examples.Chunk(TrainCase.BatchSize).Sum(batch =>
    {
        var width = @case.Width ?? batch.Max(e => e.Input.Length + e.Target.Length);
        double rows = batch.Length * (@case.VirtualTokens + width);
        return Operations(@case, _ => rows);
    });

    public static double OfPacked(TrainCase @case) => @case.Examples.Chunk(TrainCase.BatchSize).Sum(batch =>
    {
        var packed = PackedBatch.Of(batch, @case.VirtualTokens, hasTasks: false);
        var last = @case.Model.Spec.LayerCount - 1;
        string[] ofAllRows = [$"{DecoderTensors.Key(last)}.weight", $"{DecoderTensors.Value(last)}.weight"];
        return Operations(@case, name =>
            (name == HeadOf(@case) || name.StartsWith($"layers.{last}.", StringComparison.Ordinal)) && !ofAllRows.Contains(name)
                ? packed.Needed.Count
                : packed.Positions.Count);
    });

    private static double Operations(TrainCase @case, Func<string, double> rowsOf) => DecoderTensors.Of((DecoderSpec)@case.Model.Spec)
        .Where(t => t.Shape.Length == 2 && (t.Name.StartsWith("layers.", StringComparison.Ordinal) || t.Name == HeadOf(@case)))
        .Sum(t => OperationsPerWeight * rowsOf(t.Name) * t.Shape[0] * t.Shape[1]);

    private static string HeadOf(TrainCase @case) =>
        ((DecoderSpec)@case.Model.Spec).TiedHead ? DecoderTensors.TokenEmbedding : $"{DecoderTensors.Head}.weight";
}
