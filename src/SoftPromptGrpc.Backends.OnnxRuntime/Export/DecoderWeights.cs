using System.Numerics.Tensors;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Writes a checkpoint's tensors into a graph, one at a time, in the layout that the graph's operators want.</summary>
internal sealed class DecoderWeights(DecoderSpec spec, IModelWeights weights, GraphBuilder graph)
{
    private readonly HeadLayout _layout = new(spec);
    private readonly float[] _zeros = new float[spec.HiddenSize];
    private readonly TensorWriter _writer = new(weights, graph);

    /// <inheritdoc cref="TensorWriter.Tensor"/>
    public string Tensor(string name) => _writer.Tensor(name);

    /// <inheritdoc cref="TensorWriter.Matrix"/>
    public string Matrix(string name) => _writer.Matrix(name);

    /// <inheritdoc cref="TensorWriter.LargeMatrix"/>
    public string LargeMatrix(string name) => _writer.LargeMatrix(name);

    /// <inheritdoc cref="TensorWriter.Table"/>
    public string Table(string name) => _writer.Table(name);

    /// <summary>The query, key and value projections one below the other: [(heads + 2 * keyValueHeads) * D, H].</summary>
    public string QueryKeyValue(int layer, string kind)
    {
        var width = kind == "bias" ? 1 : spec.HiddenSize;
        var rows = (spec.HeadCount + 2 * spec.KeyValueHeadCount) * _layout.Size;
        var name = $"layers.{layer}.self_attn.qkv_proj.{kind}";
        return width == 1 ? graph.Weight(name, [rows], Write) : graph.Matrix(name, rows, width, Write);

        void Write(IWeightSink sink)
        {
            WriteHeads(sink, $"{DecoderTensors.Query(layer)}.{kind}", spec.HeadCount, _layout.QueryKey, width);
            WriteHeads(sink, $"{DecoderTensors.Key(layer)}.{kind}", spec.KeyValueHeadCount, _layout.QueryKey, width);
            WriteHeads(sink, $"{DecoderTensors.Value(layer)}.{kind}", spec.KeyValueHeadCount, _layout.Value, width);
        }
    }

    /// <summary>[H, heads * D]: nothing comes from the padding of a head.</summary>
    public string AttentionOutput(int layer)
    {
        var name = $"{DecoderTensors.AttentionOutput(layer)}.weight";
        if (_layout.Size == spec.HeadSize)
            return Matrix(name);
        return graph.Matrix(name, spec.HiddenSize, spec.HeadCount * _layout.Size, file =>
        {
            var values = _writer.Read(name);
            for (var at = 0; at < values.Length; at += spec.HeadSize)
            {
                file.Write(values.Slice(at, spec.HeadSize));
                file.Write(_zeros.AsSpan(0, _layout.Size - spec.HeadSize));
            }
        });
    }

    /// <summary>A norm's weight or bias for heads as they lie in the graph. <paramref name="heads"/> is 1 where all share it.</summary>
    public string QueryKeyNorm(string name, string kind, int heads)
    {
        // The root mean square over a padded head is smaller than over the head itself.
        var factor = kind == "weight" ? MathF.Sqrt((float)spec.HeadSize / _layout.Size) : 1;
        return graph.Weight($"{name}.{kind}", [heads * _layout.Size], file =>
            WriteHeads(file, $"{name}.{kind}", heads, _layout.QueryKey, width: 1, factor));
    }

    /// <summary>[1, heads, 1, positions].</summary>
    public string AlibiTable(AlibiSpec alibi) =>
        graph.Weight("alibi.table", [1, spec.HeadCount, 1, spec.ContextLength], file =>
            file.Write(AlibiBiases.Table(alibi, spec.ContextLength)));

    /// <summary>Cosines and sines, each [positions, D / 2]; what is not rotated has angle 0.</summary>
    public (string Cos, string Sin) RotaryTables(RotarySpec rotary, string name)
    {
        var (cos, sin) = RotaryFrequencies.Table(rotary, spec.ContextLength);
        return (Table($"{name}.cos", cos, 1), Table($"{name}.sin", sin, 0));

        string Table(string table, float[] values, float unrotated) =>
            graph.Weight(table, [spec.ContextLength, _layout.Size / 2], file =>
            {
                var pairs = rotary.Dimensions / 2;
                var row = new float[_layout.Size / 2];
                Array.Fill(row, unrotated);
                for (var position = 0; position < spec.ContextLength; position++)
                {
                    values.AsSpan(position * pairs, pairs).CopyTo(row);
                    file.Write(row);
                }
            });
    }

    private void WriteHeads(IWeightSink file, string name, int heads, int[] slots, int width, float factor = 1)
    {
        var values = _writer.Read(name);
        var scaled = new float[factor == 1 ? 0 : width];
        for (var head = 0; head < heads; head++)
        {
            foreach (var slot in slots)
            {
                var row = slot == HeadLayout.Zero ? _zeros.AsSpan(0, width) : values.Slice((head * spec.HeadSize + slot) * width, width);
                if (factor != 1)
                {
                    TensorPrimitives.Multiply(row, factor, scaled);
                    row = scaled;
                }
                file.Write(row);
            }
        }
    }
}
