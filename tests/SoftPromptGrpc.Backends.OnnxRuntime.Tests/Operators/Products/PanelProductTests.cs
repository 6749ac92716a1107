using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;
using SoftPromptGrpc.Core;
using static SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx.TensorProto.Types;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Operators.Products;

public sealed class PanelProductTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<int, int, int, bool> Sizes => new()
    {
        // rows, inputs, outputs
        { 1, 1, 1, true },
        { 1, 300, 48, false },
        { 3, 33, 47, true },
        { 8, 128, 96, true },
        { 9, 129, 97, false },
        { 140, 260, 50, true },
        { 2, 16, 7000, true },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Product_InFloat_IsTheProduct(int rows, int inputs, int outputs, bool bias)
    {
        Assert.SkipUnless(FloatTiles.IsSupported, "This processor has no AVX-512.");

        Check(MatrixFormat.Panels, rows, inputs, outputs, bias, tolerance: 1e-6);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Product_In8Bits_IsNearTheProduct(int rows, int inputs, int outputs, bool bias) =>
        Check(MatrixFormat.Int8Panels, rows, inputs, outputs, bias, tolerance: 0.01);

    public void Dispose() => _directory.Dispose();

    /// <param name="tolerance">Over the root of the inputs' number: each product is about 1.</param>
    private void Check(MatrixFormat format, int rows, int inputs, int outputs, bool bias, double tolerance)
    {
        var (x, weights, biases) = (Numbers(rows * inputs, 1), Numbers(outputs * inputs, 2), Numbers(bias ? outputs : 0, 3));
        using var session = Open(format, weights, biases, inputs, outputs);

        var all = Run(session, x, rows, inputs);

        for (var row = 0; row < rows; row++)
        {
            var own = x.AsSpan(row * inputs, inputs);
            Assert.Equal(Run(session, own.ToArray(), 1, inputs), all[(row * outputs)..((row + 1) * outputs)]);
            for (var output = 0; output < outputs; output++)
            {
                var expected = bias ? (double)biases[output] : 0;
                for (var i = 0; i < inputs; i++)
                    expected += 0.5 * own[i] * weights[(output * inputs) + i];
                Assert.Equal(expected, all[(row * outputs) + output], tolerance * 4 * Math.Sqrt(inputs));
            }
        }
    }

    private InferenceSession Open(MatrixFormat format, float[] weights, float[] biases, int inputs, int outputs)
    {
        using (var graph = new GraphBuilder(_directory.Path, format: format))
        {
            var x = graph.Input("x", DataType.Float, "N", inputs);
            // In pieces, as exporters write.
            var weight = graph.Matrix("w", outputs, inputs, sink => weights.Chunk(7).ToList().ForEach(piece => sink.Write(piece)));
            var bias = biases.Length > 0 ? graph.Weight("b", [outputs], sink => sink.Write(biases)) : "";
            graph.Product("/product", x, weight, bias, scale: 0.5f, output: "y");
            graph.Output("y", DataType.Float, "N", outputs);
            graph.Complete();
        }
        using var options = new SessionOptions { IntraOpNumThreads = 3 };
        OwnOperators.AddTo(options);
        return new(Path.Combine(_directory.Path, GraphBuilder.GraphFile()), options);
    }

    private static float[] Run(InferenceSession session, float[] x, int rows, int inputs)
    {
        using var options = new RunOptions();
        using var value = OrtValue.CreateTensorValueFromMemory(x, [rows, inputs]);
        using var results = session.Run(options, ["x"], [value], ["y"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static float[] Numbers(int count, ulong seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
    }
}
