using System.Globalization;
using System.Text.RegularExpressions;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>A canonical name (<see cref="DecoderTensors"/>) in its parts.</summary>
/// <param name="Layer">Null for the embeddings, the final norm and the head.</param>
/// <param name="Module">Such as "self_attn.q_proj" or "norm".</param>
/// <param name="Leaf">"weight" or "bias".</param>
internal sealed partial record TensorName(int? Layer, string Module, string Leaf)
{
    public bool IsWeight => Leaf == "weight";

    public static TensorName Parse(string canonical)
    {
        var match = Pattern().Match(canonical);
        int? layer = match.Groups[1].Success ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;
        return new TensorName(layer, match.Groups[2].Value, match.Groups[3].Value);
    }

    [GeneratedRegex(@"^(?:layers\.(\d+)\.)?(.+)\.(weight|bias)$")]
    private static partial Regex Pattern();
}
