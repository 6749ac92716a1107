using System.Globalization;
using System.Text.RegularExpressions;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>A canonical name (<see cref="DecoderTensors"/>, <see cref="EncoderDecoderTensors"/>) in its parts.</summary>
/// <param name="Half">"encoder" or "decoder"; null in a decoder-only model and for what both halves share.</param>
/// <param name="Layer">Null for the embeddings, the final norm and the head.</param>
/// <param name="Module">Such as "self_attn.q_proj" or "norm".</param>
/// <param name="Leaf">"weight" or "bias".</param>
internal sealed partial record TensorName(string? Half, int? Layer, string Module, string Leaf)
{
    public bool IsWeight => Leaf == "weight";

    public static TensorName Parse(string canonical)
    {
        var match = Pattern().Match(canonical);
        var half = match.Groups[1].Success ? match.Groups[1].Value : null;
        int? layer = match.Groups[2].Success ? int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) : null;
        return new TensorName(half, layer, match.Groups[3].Value, match.Groups[4].Value);
    }

    [GeneratedRegex(@"^(?:(encoder|decoder)\.)?(?:layers\.(\d+)\.)?(.+)\.(weight|bias)$")]
    private static partial Regex Pattern();
}
