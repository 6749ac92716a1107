using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Writes tensors into a graph as they are. Keeps one buffer for all.</summary>
internal sealed class TensorWriter(IModelWeights weights, GraphBuilder graph)
{
    private float[] _buffer = [];

    /// <summary>A vector, as it is.</summary>
    public string Tensor(string name)
    {
        var shape = weights.Shape(name).ToArray();
        return graph.Weight(name, shape, file => file.Write(Read(name)));
    }

    /// <summary>A matrix that rows are multiplied by.</summary>
    public string Matrix(string name) => graph.Matrix(name, weights.Shape(name)[0], weights.Shape(name)[1], sink => sink.Write(Read(name)));

    /// <summary>The same, row by row.</summary>
    public string LargeMatrix(string name)
    {
        var shape = weights.Shape(name).ToArray();
        return graph.Matrix(name, shape[0], shape[1], sink => WriteRows(name, shape, sink));
    }

    /// <summary>A matrix whose rows are picked, as it is.</summary>
    public string Table(string name)
    {
        var shape = weights.Shape(name).ToArray();
        return graph.Weight(name, shape, sink => WriteRows(name, shape, sink));
    }

    private void WriteRows(string name, int[] shape, IWeightSink sink)
    {
        var row = new float[shape[1]];
        for (var i = 0; i < shape[0]; i++)
        {
            weights.ReadRow(name, i, row);
            sink.Write(row);
        }
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
