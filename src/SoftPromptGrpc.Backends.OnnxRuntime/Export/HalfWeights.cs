using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Writes an encoder-decoder's tensors into a graph, one at a time, in the layout that the graph's operators want.</summary>
internal sealed class HalfWeights(EncoderDecoderSpec spec, IModelWeights weights, GraphBuilder graph)
{
    private readonly TensorWriter _writer = new(weights, graph);
    private readonly float[] _zeros = new float[spec.HiddenSize];

    /// <summary>D.</summary>
    public int HeadSize { get; } = new HeadLayout(spec).Size;

    /// <inheritdoc cref="TensorWriter.Tensor"/>
    public string Tensor(string name) => _writer.Tensor(name);

    /// <inheritdoc cref="TensorWriter.Matrix"/>
    public string Matrix(string name) => _writer.Matrix(name);

    /// <inheritdoc cref="TensorWriter.LargeMatrix"/>
    public string LargeMatrix(string name) => _writer.LargeMatrix(name);

    /// <inheritdoc cref="TensorWriter.Table"/>
    public string Table(string name) => _writer.Table(name);

    /// <summary>Projections one below the other, their heads padded with zeros: [projections * heads * D, H].</summary>
    /// <param name="name">Of the tensor in the graph.</param>
    /// <param name="kind">"weight" or "bias".</param>
    public string Heads(string name, string kind, params string[] projections)
    {
        var width = kind == "bias" ? 1 : spec.HiddenSize;
        var rows = projections.Length * spec.HeadCount * HeadSize;
        return width == 1 ? graph.Weight($"{name}.{kind}", [rows], Write) : graph.Matrix($"{name}.{kind}", rows, width, Write);

        void Write(IWeightSink file)
        {
            foreach (var projection in projections)
            {
                var values = _writer.Read($"{projection}.{kind}");
                for (var head = 0; head < spec.HeadCount; head++)
                {
                    file.Write(values.Slice(head * spec.HeadSize * width, spec.HeadSize * width));
                    for (var padding = spec.HeadSize; padding < HeadSize; padding++)
                        file.Write(_zeros.AsSpan(0, width));
                }
            }
        }
    }

    /// <summary>[H, heads * D]: nothing comes from the padding of a head.</summary>
    public string AttentionOutput(string name)
    {
        var size = HeadSize;
        if (size == spec.HeadSize)
            return Matrix($"{name}.weight");
        return graph.Matrix($"{name}.weight", spec.HiddenSize, spec.HeadCount * size, file =>
        {
            var values = _writer.Read($"{name}.weight");
            for (var at = 0; at < values.Length; at += spec.HeadSize)
            {
                file.Write(values.Slice(at, spec.HeadSize));
                for (var padding = spec.HeadSize; padding < size; padding++)
                    file.Write(_zeros.AsSpan(0, 1));
            }
        });
    }
}
