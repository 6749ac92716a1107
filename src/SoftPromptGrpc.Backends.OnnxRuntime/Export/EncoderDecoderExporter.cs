using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Writes an encoder-decoder as two ONNX graphs. Reads nothing but the spec.</summary>
internal static class EncoderDecoderExporter
{
    /// <summary>Part of the export's identity: raised with every change of what is written.</summary>
    public const int Version = 2;

    /// <summary>Writes the model's files.</summary>
    /// <param name="directory">Exists and is empty.</param>
    public static IReadOnlyList<ExportedFile> Export(
        EncoderDecoderSpec spec, IModelWeights weights, string directory, MatrixFormat format, CancellationToken cancellationToken)
    {
        using var encoder = new GraphBuilder(directory, EncoderDecoderGraphs.EncoderName, format);
        new EncoderExporter(spec, weights, encoder).Build(cancellationToken);
        using var decoder = new GraphBuilder(directory, format: format);
        new DecoderHalfExporter(spec, weights, decoder).Build(cancellationToken);
        return [.. encoder.Complete(), .. decoder.Complete()];
    }
}
