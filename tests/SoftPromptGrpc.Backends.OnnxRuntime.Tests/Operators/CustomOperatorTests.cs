using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators;
using static SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx.TensorProto.Types;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Operators;

public sealed class CustomOperatorTests : IDisposable
{
    private const int Rows = 100;
    private const int Width = 3;

    private readonly TemporaryDirectory _directory = new();
    private readonly ScaledSum _operator = new();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Compute_OptionalInputGiven_GivesEveryRow(int threads)
    {
        using var domain = new CustomOperatorDomain(Operator.Own, _operator);
        using var session = Open(domain, threads, withSecond: true);

        Assert.Equal([.. Input().Select((x, i) => 2.5f * (x + i % Width))], Run(session));
        Assert.Equal([.. Input().Select((x, i) => 2.5f * (x + i % Width))], Run(session));
    }

    [Fact]
    public void Compute_OptionalInputLeftOut_DoesWithout()
    {
        using var domain = new CustomOperatorDomain(Operator.Own, _operator);
        using var session = Open(domain, threads: 2, withSecond: false);

        Assert.Equal([.. Input().Select(x => 2.5f * x)], Run(session));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Compute_ARowThrows_FailsTheRunWithItsMessageAndNoOther(int threads)
    {
        using var domain = new CustomOperatorDomain(Operator.Own, _operator);
        using var session = Open(domain, threads, withSecond: false, refused: 37);

        for (var i = 0; i < 3; i++)
            Assert.Contains("Row 37 is refused.", Assert.Throws<OnnxRuntimeException>(() => Run(session)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateKernel_AttributeMissing_FailsTheOpening()
    {
        using var domain = new CustomOperatorDomain(Operator.Own, _operator);

        var error = Assert.Throws<OnnxRuntimeException>(() => Open(domain, threads: 1, withSecond: false, refused: null));

        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _operator.LiveKernels);
    }

    [Fact]
    public void Dispose_SessionThenDomain_DisposesEveryKernel()
    {
        using var domain = new CustomOperatorDomain(Operator.Own, _operator);
        var session = Open(domain, threads: 1, withSecond: true);
        Assert.Equal(1, _operator.LiveKernels);

        session.Dispose();

        Assert.Equal(0, _operator.LiveKernels);
        domain.Dispose();
        domain.Dispose();
        using var options = new SessionOptions();
        Assert.Throws<ObjectDisposedException>(() => domain.AddTo(options));
    }

    public void Dispose() => _directory.Dispose();

    private static float[] Input() => [.. Enumerable.Range(0, Rows * Width).Select(i => 0.25f * i)];

    private static float[] Run(InferenceSession session)
    {
        using var options = new RunOptions();
        using var x = OrtValue.CreateTensorValueFromMemory(Input(), [Rows, Width]);
        using var y = OrtValue.CreateTensorValueFromMemory(new float[] { 0, 1, 2 }, [Width]);
        string[] names = session.InputNames.Count == 1 ? ["x"] : ["x", "y"];
        using var outputs = session.Run(options, names, names.Length == 1 ? [x] : [x, y], ["z"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private InferenceSession Open(CustomOperatorDomain domain, int threads, bool withSecond, int? refused = -1)
    {
        using (var graph = new GraphBuilder(_directory.Path))
        {
            string[] inputs = [graph.Input("x", DataType.Float, "N", Width), withSecond ? graph.Input("y", DataType.Float, Width) : ""];
            graph.Node(
                "node",
                new(_operator.Name, Operator.Own)
                {
                    Floats = [("scale", 2.5f)],
                    Integers = refused is { } row ? [("refused", row)] : [],
                },
                inputs,
                "z");
            graph.Output("z", DataType.Float, "N", Width);
            graph.Complete();
        }
        using var options = new SessionOptions { IntraOpNumThreads = threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        domain.AddTo(options);
        return new(Path.Combine(_directory.Path, GraphBuilder.GraphFile()), options);
    }
}
