using Microsoft.Extensions.Logging;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>
/// Exported models on disk, one directory for each fingerprint, exporter version and format. An entry appears whole, by a rename; it is
/// checked against its marker before each use and written again where it differs. Safe for several processes.
/// </summary>
internal sealed class ExportCache(string root, TimeProvider time, ILogger logger)
{
    /// <summary>The path of the model's graph. Exports first where there is no sound entry, which takes seconds per gigabyte.</summary>
    public async Task<string> GetAsync(BaseModel model, MatrixFormat format, CancellationToken cancellationToken)
    {
        var entry = Path.Combine(root, Name(model, Version(model.Spec), format));
        Directory.CreateDirectory(root);
        using (await FileLock.AcquireAsync($"{entry}.lock", time, cancellationToken))
            await Task.Run(() => Ensure(model, format, entry, cancellationToken), cancellationToken);
        return Path.Combine(entry, GraphBuilder.GraphFile());
    }

    /// <summary>The graph of a decoder's paged engine, beside the other one.</summary>
    public static string Paged(string graphPath) =>
        Path.Combine(Path.GetDirectoryName(graphPath)!, GraphBuilder.GraphFile(DecoderGraph.PagedName));

    private void Ensure(BaseModel model, MatrixFormat format, string entry, CancellationToken cancellationToken)
    {
        // Whoever was writing it is gone: we hold the lock.
        var unfinished = $"{entry}.unfinished";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        if (ExportMarker.Matches(entry))
            return;
        if (Directory.Exists(entry))
        {
            logger.ExportDamaged(model.Id);
            Directory.Delete(entry, recursive: true);
        }
        var start = time.GetTimestamp();
        Directory.CreateDirectory(unfinished);
        var files = Export(model, format, unfinished, cancellationToken);
        new ExportMarker(files).Write(unfinished);
        Directory.Move(unfinished, entry);
        DeleteOlder(model, format);
        logger.Exported(model.Id, files.Sum(f => f.Length), time.GetElapsedTime(start));
    }

    /// <summary>What older versions of the exporter wrote of the model in this format.</summary>
    private void DeleteOlder(BaseModel model, MatrixFormat format)
    {
        for (var version = 1; version < Version(model.Spec); version++)
        {
            var older = Path.Combine(root, Name(model, version, format));
            if (Directory.Exists(older))
                Directory.Delete(older, recursive: true);
            File.Delete($"{older}.lock");
        }
    }

    private static int Version(ModelSpec spec) => spec is EncoderDecoderSpec ? EncoderDecoderExporter.Version : DecoderExporter.Version;

    private static string Name(BaseModel model, int version, MatrixFormat format) => format switch
    {
        MatrixFormat.Rows => $"{model.Fingerprint}-{version}",
        MatrixFormat.Panels => $"{model.Fingerprint}-{version}-panels",
        MatrixFormat.Int8Panels => $"{model.Fingerprint}-{version}-int8",
    };

    private static IReadOnlyList<ExportedFile> Export(BaseModel model, MatrixFormat format, string directory, CancellationToken cancellationToken) =>
        model.Spec is EncoderDecoderSpec encoderDecoder
            ? EncoderDecoderExporter.Export(encoderDecoder, model.Weights, directory, format, cancellationToken)
            : DecoderExporter.Export((DecoderSpec)model.Spec, model.Weights, directory, format, cancellationToken);
}
