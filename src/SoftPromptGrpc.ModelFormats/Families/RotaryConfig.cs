using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>
/// Rotary settings in either form: <c>rope_theta</c> and <c>rope_scaling</c> (transformers 4), or <c>rope_parameters</c> with all
/// of them inside (transformers 5).
/// </summary>
internal static class RotaryConfig
{
    public const double DefaultBase = 10000;

    /// <param name="fractionKeys">Other names of <c>partial_rotary_factor</c>.</param>
    public static RotarySpec Read(
        ConfigReader config, int headSize, double defaultBase = DefaultBase, double defaultFraction = 1,
        string[]? baseKeys = null, string[]? fractionKeys = null)
    {
        var parameters = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        var theta = Agreed(config, parameters, [.. baseKeys ?? [], "rope_theta"]) ?? defaultBase;
        var fraction = Agreed(config, parameters, [.. fractionKeys ?? [], "partial_rotary_factor"]) ?? defaultFraction;
        var dimensions = EvenPart(config, "partial_rotary_factor", headSize * fraction, headSize);
        return new RotarySpec(theta, dimensions, parameters is null ? null : Scaling(parameters));
    }

    /// <summary>From an object that holds one kind of layer's settings.</summary>
    public static RotarySpec Of(ConfigReader parameters, int headSize, double defaultBase) =>
        new(parameters.OptionalNumber("rope_theta") ?? defaultBase, headSize, Scaling(parameters));

    /// <summary>How many of a head's dimensions are rotated.</summary>
    public static int EvenPart(ConfigReader config, string key, double dimensions, int headSize) =>
        (int)dimensions is var whole && whole >= 2 && whole <= headSize && whole % 2 == 0
            ? whole
            : throw config.Unsupported(key, "a part of the head that is not an even number of dimensions");

    private static RotaryScaling? Scaling(ConfigReader parameters) => (parameters.Text("rope_type") ?? parameters.Text("type")) switch
    {
        "default" => null,
        null when !parameters.Has("factor") && (parameters.Has("rope_theta") || parameters.IsEmpty) => null,
        null => throw parameters.Unsupported("rope_type", "nothing"),
        "linear" => new RotaryScaling(RotaryScalingKind.Linear, parameters.Number("factor")),
        "llama3" => new RotaryScaling(
            RotaryScalingKind.Llama3,
            parameters.Number("factor"),
            parameters.Number("low_freq_factor"),
            parameters.Number("high_freq_factor"),
            parameters.Count("original_max_position_embeddings")),
        var other => throw parameters.Unsupported("rope_type", other),
    };

    /// <summary>One setting that may stand under several names; two that differ leave it open which one counts.</summary>
    private static double? Agreed(ConfigReader config, ConfigReader? parameters, string[] keys)
    {
        var values = keys.Select(k => config.OptionalNumber(k)).Concat(keys.Select(k => parameters?.OptionalNumber(k)))
            .OfType<double>().Distinct().ToArray();
        return values.Length > 1 ? throw config.Unsupported(keys[^1], "two different values") : values.Length == 0 ? null : values[0];
    }
}
