using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Writes tensors into a graph as they are. Keeps one buffer for all.</summary>
internal sealed class TensorWriter(IModelWeights weights, GraphBuilder graph)
{
    private float[] _buffer = [];

    /// <summary>[outputs, inputs] or [length], as it is.</summary>
    public string Tensor(string name)
    {
        var shape = weights.Shape(name).ToArray();
        return graph.Weight(name, shape, file => file.Write(Read(name)));
    }

    /// <summary>A large matrix, row by row.</summary>
    public string Matrix(string name)
    {
        var shape = weights.Shape(name).ToArray();
        return graph.Weight(name, shape, file =>
        {
            var row = new float[shape[1]];
            for (var i = 0; i < shape[0]; i++)
            {
                weights.ReadRow(name, i, row);
                file.Write(row);
            }
        });
    }

    /// <summary>The whole tensor, until the next call.</summary>
    public ReadOnlySpan<float> Read(string name)
    {
        var count = 1;
        foreach (var length in weights.Shape(name))
            count = checked(count * length);
        if (_buffer.Length < count)
            _buffer = new float[count];
        weights.Read(name, _buffer.AsSpan(0, count));
        return _buffer.AsSpan(0, count);
    }
}
