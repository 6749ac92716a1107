using System.Numerics.Tensors;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Gets a matrix [outputs, inputs] and writes it in <see cref="Panels"/>.</summary>
/// <param name="isInt8">Rounds each output's weights to 8 bits.</param>
internal sealed class PanelSink(WeightFile file, int inputs, bool isInt8) : IWeightSink
{
    private const float MostWeight = 127;

    private readonly float[] _rows = new float[Panels.Width * inputs];
    private readonly List<float> _scales = [];
    private int _filled;

    /// <summary>Of each output, the last panel's missing ones included.</summary>
    public IReadOnlyList<float> Scales => _scales;

    public static int[] Shape(int outputs, int inputs, bool isInt8) => isInt8
        ? [Panels.Count(outputs), Panels.Even(inputs) / 2, Panels.Width, 2]
        : [Panels.Count(outputs), inputs, Panels.Width];

    public void Write(ReadOnlySpan<float> values)
    {
        while (!values.IsEmpty)
        {
            var count = Math.Min(values.Length, _rows.Length - _filled);
            values[..count].CopyTo(_rows.AsSpan(_filled));
            values = values[count..];
            _filled += count;
            if (_filled == _rows.Length)
                Flush();
        }
    }

    /// <summary>Writes the last panel.</summary>
    public void Complete()
    {
        if (_filled > 0)
            Flush();
    }

    private void Flush()
    {
        _rows.AsSpan(_filled).Clear();
        _filled = 0;
        if (isInt8)
            WriteInt8();
        else
            WriteFloat();
    }

    private void WriteFloat()
    {
        var panel = new float[_rows.Length];
        for (var output = 0; output < Panels.Width; output++)
        {
            for (var input = 0; input < inputs; input++)
                panel[(input * Panels.Width) + output] = _rows[(output * inputs) + input];
        }
        file.Write<float>(panel);
    }

    private void WriteInt8()
    {
        var panel = new sbyte[Panels.Width * Panels.Even(inputs)];
        for (var output = 0; output < Panels.Width; output++)
        {
            var row = _rows.AsSpan(output * inputs, inputs);
            var scale = MathF.Abs(TensorPrimitives.MaxMagnitude<float>(row)) / MostWeight;
            for (var input = 0; input < inputs && scale > 0; input++)
                panel[(input / 2 * 2 * Panels.Width) + (2 * output) + (input % 2)] = (sbyte)MathF.Round(row[input] / scale);
            _scales.Add(scale);
        }
        file.Write<sbyte>(panel);
    }
}
