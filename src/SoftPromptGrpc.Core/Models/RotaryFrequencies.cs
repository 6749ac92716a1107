namespace SoftPromptGrpc.Core.Models;

/// <summary>The angles of rotary position embedding, computed as transformers does (modeling_rope_utils.py), in float32.</summary>
public static class RotaryFrequencies
{
    /// <summary>Radians per position for each of the <c>Dimensions / 2</c> rotated pairs.</summary>
    public static float[] Of(RotarySpec rotary)
    {
        var frequencies = new float[rotary.Dimensions / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var frequency = 1 / Math.Pow(rotary.Base, 2.0 * i / rotary.Dimensions);
            frequencies[i] = (float)(rotary.Scaling is { } scaling ? Scale(frequency, scaling) : frequency);
        }
        return frequencies;
    }

    /// <summary>Cosines and sines, each [positions, Dimensions / 2], of position * frequency.</summary>
    public static (float[] Cos, float[] Sin) Table(RotarySpec rotary, int positions)
    {
        var frequencies = Of(rotary);
        var cos = new float[positions * frequencies.Length];
        var sin = new float[cos.Length];
        for (var position = 0; position < positions; position++)
        {
            for (var i = 0; i < frequencies.Length; i++)
            {
                var angle = (float)position * frequencies[i];
                cos[position * frequencies.Length + i] = MathF.Cos(angle);
                sin[position * frequencies.Length + i] = MathF.Sin(angle);
            }
        }
        return (cos, sin);
    }

    private static double Scale(double frequency, RotaryScaling scaling) => scaling.Kind switch
    {
        RotaryScalingKind.Linear => frequency / scaling.Factor,
        RotaryScalingKind.Llama3 => ScaleLlama3(frequency, scaling),
    };

    private static double ScaleLlama3(double frequency, RotaryScaling scaling)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength > scaling.OriginalContextLength / scaling.LowFrequencyFactor)
            return frequency / scaling.Factor;
        if (wavelength < scaling.OriginalContextLength / scaling.HighFrequencyFactor)
            return frequency;
        var smooth = (scaling.OriginalContextLength / wavelength - scaling.LowFrequencyFactor)
            / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - smooth) * frequency / scaling.Factor + smooth * frequency;
    }
}
