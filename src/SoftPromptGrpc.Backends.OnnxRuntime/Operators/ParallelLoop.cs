using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>What the threads of one loop share. Lives on the stack of the thread that waits for them.</summary>
internal unsafe struct ParallelLoop(delegate*<void*, int, void> body, void* state)
{
    private readonly delegate*<void*, int, void> _body = body;
    private readonly void* _state = state;
    private nint _failure;

    [UnmanagedCallersOnly]
    public static void Run(ParallelLoop* loop, nuint index)
    {
        try
        {
            loop->_body(loop->_state, (int)index);
        }
        catch (Exception exception)
        {
            loop->Keep(ExceptionDispatchInfo.Capture(exception));
        }
    }

    public void Rethrow()
    {
        if (_failure == 0)
            return;
        var handle = GCHandle.FromIntPtr(_failure);
        var failure = (ExceptionDispatchInfo)handle.Target!;
        handle.Free();
        failure.Throw();
    }

    // The first one stays.
    private void Keep(ExceptionDispatchInfo failure)
    {
        var handle = GCHandle.Alloc(failure);
        if (Interlocked.CompareExchange(ref _failure, GCHandle.ToIntPtr(handle), 0) != 0)
            handle.Free();
    }
}
