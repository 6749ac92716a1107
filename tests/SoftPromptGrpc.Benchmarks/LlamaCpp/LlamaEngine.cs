using System.Runtime.InteropServices;
using SoftPromptGrpc.Benchmarks.Serving;

namespace SoftPromptGrpc.Benchmarks.LlamaCpp;

/// <summary>A model in llama.cpp, with its own defaults but for threads and sizes.</summary>
internal sealed unsafe class LlamaEngine : IEngine
{
    private readonly LlamaLibrary _library;
    private readonly nint _model;
    private readonly nint _context;
    private readonly int _vocabulary;
    private LlamaBatch _batch;
    private int _firstRow;

    /// <param name="positions">Of one sequence.</param>
    public LlamaEngine(LlamaLibrary library, string path, int vocabulary, int sequences, int positions, int threads)
    {
        (_library, _vocabulary) = (library, vocabulary);
        var name = Marshal.StringToCoTaskMemUTF8(path);
        _model = ((delegate* unmanaged<nint, LlamaModelParameters, nint>)library.Function("llama_model_load_from_file"))(
            name, ((delegate* unmanaged<LlamaModelParameters>)library.Function("llama_model_default_params"))());
        Marshal.FreeCoTaskMem(name);
        if (_model == 0)
            throw new InvalidOperationException("llama.cpp could not load the model.");
        var parameters = ((delegate* unmanaged<LlamaContextParameters>)library.Function("llama_context_default_params"))();
        (parameters.Context, parameters.Batch, parameters.Sequences) = ((uint)(sequences * positions), (uint)(sequences * positions), (uint)sequences);
        (parameters.Threads, parameters.BatchThreads) = (threads, threads);
        _context = ((delegate* unmanaged<nint, LlamaContextParameters, nint>)library.Function("llama_init_from_model"))(_model, parameters);
        if (_context == 0)
            throw new InvalidOperationException("llama.cpp could not make a context.");
        _batch = ((delegate* unmanaged<int, int, int, LlamaBatch>)library.Function("llama_batch_init"))(sequences * positions, 0, 1);
    }

    public ReadOnlySpan<float> Logits => new(
        (void*)((delegate* unmanaged<nint, int, nint>)_library.Function("llama_get_logits_ith"))(_context, _firstRow), _vocabulary);

    public void Clear() =>
        ((delegate* unmanaged<nint, byte, void>)_library.Function("llama_memory_clear"))(
            ((delegate* unmanaged<nint, nint>)_library.Function("llama_get_memory"))(_context), 1);

    public void Run(IReadOnlyList<int[]> tokens, int past)
    {
        _batch.Count = 0;
        for (var sequence = 0; sequence < tokens.Count; sequence++)
        {
            for (var i = 0; i < tokens[sequence].Length; i++)
            {
                var at = _batch.Count++;
                (_batch.Tokens[at], _batch.Positions[at]) = (tokens[sequence][i], past + i);
                (_batch.SequenceCounts[at], _batch.Sequences[at][0]) = (1, sequence);
                _batch.WantsLogits[at] = (sbyte)(i == tokens[sequence].Length - 1 ? 1 : 0);
            }
        }
        if (((delegate* unmanaged<nint, LlamaBatch, int>)_library.Function("llama_decode"))(_context, _batch) != 0)
            throw new InvalidOperationException("llama.cpp could not run a batch.");
        // Waits for them.
        _firstRow = tokens[0].Length - 1;
        _ = Logits;
    }

    public void Dispose()
    {
        ((delegate* unmanaged<LlamaBatch, void>)_library.Function("llama_batch_free"))(_batch);
        ((delegate* unmanaged<nint, void>)_library.Function("llama_free"))(_context);
        ((delegate* unmanaged<nint, void>)_library.Function("llama_model_free"))(_model);
    }
}
