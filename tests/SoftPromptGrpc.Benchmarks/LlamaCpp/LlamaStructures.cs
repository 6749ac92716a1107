using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Benchmarks.LlamaCpp;

/// <summary>llama_model_params of llama.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaModelParameters
{
    private readonly nint _devices;
    private readonly nint _bufferTypes;
    private fixed int _placement[5];
    private readonly int _mainDevice;
    private readonly nint _tensorSplit;
    private readonly nint _progress;
    private readonly nint _progressData;
    private readonly nint _overrides;
    private fixed byte _switches[6];
}

/// <summary>llama_context_params of llama.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaContextParameters
{
    public uint Context;
    public uint Batch;
    public uint MicroBatch;
    public uint Sequences;
    private fixed uint _limits[3];
    public int Threads;
    public int BatchThreads;
    private fixed int _kinds[5];
    private fixed float _positions[8];
    private fixed long _callbacks[2];
    private fixed int _cacheTypes[2];
    private fixed long _abort[2];
    private fixed byte _switches[6];
    private fixed long _others[3];
}

/// <summary>llama_model_quantize_params of llama.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaQuantizeParameters
{
    public const int Q8 = 7;

    public int Threads;
    public int Type;
    private fixed int _types[2];
    private fixed byte _switches[6];
    private fixed long _others[5];
}

/// <summary>llama_batch of llama.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaBatch
{
    public int Count;
    public int* Tokens;
    public float* Embeddings;
    public int* Positions;
    public int* SequenceCounts;
    public int** Sequences;
    public sbyte* WantsLogits;
}
