using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Benchmarks.LlamaCpp;

/// <summary>
/// llama.cpp's shared libraries (release v0.5.0, as the npm package @node-llama-cpp/linux-x64 3.22.1 has them), which choose the kernels
/// for this processor by themselves.
/// </summary>
internal sealed unsafe class LlamaLibrary
{
    private readonly nint _llama;

    /// <param name="directory">Where the libraries are.</param>
    public LlamaLibrary(string directory)
    {
        var ggml = NativeLibrary.Load(Find(directory, "libggml.*so"));
        _llama = NativeLibrary.Load(Find(directory, "libllama.*so"));
        ((delegate* unmanaged<delegate* unmanaged<int, nint, nint, void>, nint, void>)Function("llama_log_set"))(&Ignore, 0);
        var path = Marshal.StringToCoTaskMemUTF8(directory);
        ((delegate* unmanaged<nint, void>)NativeLibrary.GetExport(ggml, "ggml_backend_load_all_from_path"))(path);
        Marshal.FreeCoTaskMem(path);
        ((delegate* unmanaged<void>)Function("llama_backend_init"))();
    }

    public nint Function(string name) => NativeLibrary.GetExport(_llama, name);

    /// <summary>Writes a model again with 8-bit weights (Q8_0).</summary>
    public void Quantize(string from, string to)
    {
        var parameters = ((delegate* unmanaged<LlamaQuantizeParameters>)Function("llama_model_quantize_default_params"))();
        parameters.Type = LlamaQuantizeParameters.Q8;
        var (source, target) = (Marshal.StringToCoTaskMemUTF8(from), Marshal.StringToCoTaskMemUTF8(to));
        var status = ((delegate* unmanaged<nint, nint, LlamaQuantizeParameters*, uint>)Function("llama_model_quantize"))(source, target, &parameters);
        Marshal.FreeCoTaskMem(source);
        Marshal.FreeCoTaskMem(target);
        if (status != 0)
            throw new InvalidOperationException("llama.cpp could not quantize the model.");
    }

    private static string Find(string directory, string pattern) => Directory.EnumerateFiles(directory, pattern).Single();

    [UnmanagedCallersOnly]
    private static void Ignore(int level, nint text, nint data)
    {
    }
}
