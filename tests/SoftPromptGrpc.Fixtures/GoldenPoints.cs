using System.Text.Json;

namespace SoftPromptGrpc.Fixtures;

/// <summary>What the reference computed for a batch that is padded on the left, as far as rows without padding must get the same.</summary>
/// <param name="Loss">Mean over the targets of <see cref="CausalGoldens.LeftLabels"/>; null where padding changes it.</param>
/// <param name="Logits">The row, its column if it were not padded (a prompt's count), and the logits there.</param>
public sealed record GoldenPoints(double? Loss, IReadOnlyList<(int Row, int Column, float[] Logits)> Logits)
{
    /// <param name="paddings">Of each row.</param>
    /// <param name="movesText">Whether padding moves the tokens behind it: then only rows without any are compared.</param>
    internal static GoldenPoints Read(JsonElement json, int[] paddings, bool movesText)
    {
        var points = json.GetProperty("positions").EnumerateArray().Zip(json.GetProperty("logits").EnumerateArray(), (position, logits) => (
            Row: position[0].GetInt32(),
            Column: position[1].GetInt32() - paddings[position[0].GetInt32()],
            Logits: (float[])[.. logits.EnumerateArray().Select(value => value.GetSingle())]));
        return new(
            movesText ? null : json.GetProperty("loss").GetDouble(),
            [.. points.Where(point => !movesText || paddings[point.Row] == 0)]);
    }
}
