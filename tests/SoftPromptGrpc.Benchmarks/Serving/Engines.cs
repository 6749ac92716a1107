using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Benchmarks.LlamaCpp;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>The same model in this backend and in llama.cpp.</summary>
internal sealed class Engines : IDisposable
{
    private const int Positions = 512;

    private readonly string _directory = Path.Combine(Path.GetTempPath(), "softprompt-benchmarks");
    private readonly BaseModel _model = Gpt2.Create();
    private readonly List<IEngine> _opened = [];

    /// <param name="threads">Of each engine.</param>
    /// <param name="sequences">The most at once.</param>
    public Engines(int threads, int sequences)
    {
        (Threads, Sequences) = (threads, sequences);
        Directory.CreateDirectory(_directory);
    }

    public int Threads { get; }

    public int Sequences { get; }

    public async Task<SessionEngine> SessionAsync(
        ServingPrecision precision, Engine engine, CacheType cache, CancellationToken cancellationToken)
    {
        var options = new OnnxOptions
        {
            CacheDirectory = Path.Combine(_directory, "exports"),
            IntraOpThreads = Threads,
            MaxSequences = Sequences,
            Engine = engine,
            CacheType = cache,
        };
        var backend = new OnnxInferenceBackend(Options.Create(options), TimeProvider.System, NullLogger<OnnxInferenceBackend>.Instance);
        return Opened(new SessionEngine(await backend.OpenAsync(_model with { ServingPrecision = precision }, cancellationToken), Gpt2.Spec.VocabularySize, Positions));
    }

    /// <param name="isQuantized">With 8-bit weights (Q8_0).</param>
    public IEngine Llama(LlamaLibrary library, bool isQuantized)
    {
        var path = Path.Combine(_directory, "gpt2-f32.gguf");
        if (!File.Exists(path))
            Whole(path, unfinished => GgufFile.Write(unfinished, Gpt2.Spec, _model.Weights));
        var quantized = Path.Combine(_directory, "gpt2-q8_0.gguf");
        if (isQuantized && !File.Exists(quantized))
            Whole(quantized, unfinished => library.Quantize(path, unfinished));
        return Opened(new LlamaEngine(library, isQuantized ? quantized : path, Gpt2.Spec.VocabularySize, Sequences, Positions, Threads));
    }

    public void Dispose() => _opened.ForEach(engine => engine.Dispose());

    private static void Whole(string path, Action<string> write)
    {
        write($"{path}.unfinished");
        File.Move($"{path}.unfinished", path, overwrite: true);
    }

    private T Opened<T>(T engine)
        where T : IEngine
    {
        _opened.Add(engine);
        return engine;
    }
}
