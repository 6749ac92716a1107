using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Google.Protobuf;
using SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>
/// Writes one ONNX model: the graph is collected in memory, the weights are streamed to a file beside it as they are added.
/// </summary>
internal sealed class GraphBuilder : IDisposable
{
    public const string ModelName = "model";

    private const int OpsetVersion = 21;
    private const int IrVersion = 10;

    private readonly string _directory;
    private readonly string _name;
    private readonly WeightFile _weights;
    private readonly MatrixFormat _format;
    private readonly Dictionary<string, TensorProto> _written;
    private readonly bool _ownsWeights;
    private readonly GraphProto _graph = new() { Name = "decoder" };
    private readonly Dictionary<string, int> _outputs = [];

    /// <param name="directory">Exists; has no files of this name.</param>
    /// <param name="name">Of the graph's file, without extension.</param>
    public GraphBuilder(string directory, string name = ModelName, MatrixFormat format = MatrixFormat.Rows)
    {
        (_directory, _name, _format, _written, _ownsWeights) = (directory, name, format, [], true);
        _weights = new(Path.Combine(directory, WeightsFile(name)));
    }

    /// <summary>Another graph over the same weights, each of which is written once.</summary>
    /// <param name="weightsOf">Completed after this one.</param>
    public GraphBuilder(GraphBuilder weightsOf, string name)
    {
        (_directory, _name, _format) = (weightsOf._directory, name, weightsOf._format);
        (_weights, _written) = (weightsOf._weights, weightsOf._written);
    }

    public static string GraphFile(string name = ModelName) => $"{name}.onnx";

    public static string WeightsFile(string name = ModelName) => $"{name}.onnx.data";

    /// <param name="dimensions">Each a length (<c>int</c>) or the name of a length that a call decides.</param>
    public string Input(string name, TensorProto.Types.DataType type, params ReadOnlySpan<Dimension> dimensions)
    {
        _graph.Input.Add(Value(name, type, dimensions));
        return name;
    }

    /// <inheritdoc cref="Input"/>
    public void Output(string name, TensorProto.Types.DataType type, params ReadOnlySpan<Dimension> dimensions) =>
        _graph.Output.Add(Value(name, type, dimensions));

    /// <summary>A node with one output, "{name}/output_0", whose name is returned.</summary>
    /// <param name="inputs">Names; "" for an optional one that is left out.</param>
    public string Node(string name, Operator op, params ReadOnlySpan<string> inputs)
    {
        var output = $"{name}/output_0";
        Node(name, op, inputs, output);
        return output;
    }

    /// <summary>A node whose outputs have given names; "" for one that is left out.</summary>
    public void Node(string name, Operator op, ReadOnlySpan<string> inputs, params ReadOnlySpan<string> outputs)
    {
        var node = new NodeProto { Name = name, OpType = op.Type, Domain = op.Domain };
        node.Input.AddRange(inputs.ToArray());
        node.Output.AddRange(outputs.ToArray());
        foreach (var (key, value) in op.Integers)
            node.Attribute.Add(new AttributeProto { Name = key, I = value, Type = AttributeProto.Types.AttributeType.Int });
        foreach (var (key, value) in op.Floats)
            node.Attribute.Add(new AttributeProto { Name = key, F = value, Type = AttributeProto.Types.AttributeType.Float });
        _graph.Node.Add(node);
    }

    /// <summary>A small constant, kept in the graph itself.</summary>
    public string Constant(string name, params ReadOnlySpan<long> values)
    {
        var tensor = Tensor(name, TensorProto.Types.DataType.Int64, [values.Length]);
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values));
        return name;
    }

    /// <inheritdoc cref="Constant"/>
    public string Scalar(string name, float value)
    {
        var tensor = Tensor(name, TensorProto.Types.DataType.Float, []);
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in value)));
        return name;
    }

    /// <summary>A weight, streamed to the file of weights.</summary>
    /// <param name="write">Writes exactly as many values as the shape has.</param>
    public string Weight(string name, ReadOnlySpan<int> shape, Action<IWeightSink> write) =>
        Weight(name, TensorProto.Types.DataType.Float, sizeof(float), shape, write);

    /// <summary>A weight that rows are multiplied by, with <see cref="Product"/>.</summary>
    /// <inheritdoc cref="Weight(string, ReadOnlySpan{int}, Action{IWeightSink})"/>
    public string Matrix(string name, int outputs, int inputs, Action<IWeightSink> write)
    {
        _outputs[name] = outputs;
        if (_format == MatrixFormat.Rows)
            return Weight(name, [outputs, inputs], write);
        var isInt8 = _format == MatrixFormat.Int8Panels;
        var sink = new PanelSink(_weights, inputs, isInt8);
        var (type, size) = isInt8 ? (TensorProto.Types.DataType.Int8, sizeof(sbyte)) : (TensorProto.Types.DataType.Float, sizeof(float));
        Weight(name, type, size, PanelSink.Shape(outputs, inputs, isInt8), _ =>
        {
            write(sink);
            sink.Complete();
        });
        if (isInt8)
            Weight(ScalesOf(name), [sink.Scales.Count], file => file.Write([.. sink.Scales]));
        return name;
    }

    /// <summary>scale * x W' + bias.</summary>
    /// <param name="weight">What <see cref="Matrix"/> returned.</param>
    /// <param name="bias">"" for none.</param>
    /// <param name="place">Of the node, whose name ends in the operator.</param>
    /// <param name="output">As <see cref="Node(string, Operator, ReadOnlySpan{string})"/> names it if left out.</param>
    public string Product(string place, string x, string weight, string bias, float scale = 1, string? output = null)
    {
        var op = _format switch
        {
            MatrixFormat.Rows => new Operator("Gemm") { Integers = [("transB", 1)], Floats = [("alpha", scale)] },
            MatrixFormat.Panels => Own(PanelProduct.Float),
            MatrixFormat.Int8Panels => Own(PanelProduct.Int8),
        };
        var name = $"{place}/{op.Type}";
        output ??= $"{name}/output_0";
        Node(name, op, _format == MatrixFormat.Int8Panels ? [x, weight, ScalesOf(weight), bias] : [x, weight, bias], output);
        return output;

        Operator Own(string type) => new(type, Operator.Own) { Integers = [("outputs", _outputs[weight])], Floats = [("scale", scale)] };
    }

    /// <summary>Makes the graph durable, and the weights where they are its own.</summary>
    public IReadOnlyList<ExportedFile> Complete()
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "SoftPromptGrpc", Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OpsetVersion });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = Operator.Contributed, Version = 1 });
        foreach (var domain in _graph.Node.Select(node => node.Domain).Where(domain => domain is Operator.Own or Operator.OwnOfSession).Distinct())
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        var bytes = model.ToByteArray();
        using var stream = new FileStream(Path.Combine(_directory, GraphFile(_name)), FileMode.CreateNew);
        stream.Write(bytes);
        stream.Flush(flushToDisk: true);
        var graph = new ExportedFile(GraphFile(_name), bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return _ownsWeights ? [graph, _weights.Complete()] : [graph];
    }

    public void Dispose()
    {
        if (_ownsWeights)
            _weights.Dispose();
    }

    private static string ScalesOf(string weight) => $"{weight}.scales";

    /// <param name="size">Of one value, in bytes.</param>
    private string Weight(string name, TensorProto.Types.DataType type, int size, ReadOnlySpan<int> shape, Action<WeightFile> write)
    {
        var (dimensions, bytes) = (new long[shape.Length], (long)size);
        for (var i = 0; i < shape.Length; i++)
        {
            dimensions[i] = shape[i];
            bytes *= shape[i];
        }
        if (_written.TryGetValue(name, out var written))
        {
            _graph.Initializer.Add(written);
            return name;
        }
        _weights.Align();
        var offset = _weights.Length;
        write(_weights);
        if (_weights.Length - offset != bytes)
            throw new InvalidOperationException($"{name} has {_weights.Length - offset} bytes instead of {bytes}.");
        var tensor = Tensor(name, type, dimensions);
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = _weights.Name });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = offset.ToString(CultureInfo.InvariantCulture) });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = bytes.ToString(CultureInfo.InvariantCulture) });
        _written.Add(name, tensor);
        return name;
    }

    private TensorProto Tensor(string name, TensorProto.Types.DataType type, ReadOnlySpan<long> dimensions)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type };
        tensor.Dims.AddRange(dimensions.ToArray());
        _graph.Initializer.Add(tensor);
        return tensor;
    }

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, ReadOnlySpan<Dimension> dimensions)
    {
        var shape = new TensorShapeProto();
        foreach (var dimension in dimensions)
            shape.Dim.Add(dimension.ToProto());
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)type, Shape = shape } } };
    }
}
