namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>One computation of one node.</summary>
internal readonly unsafe struct KernelContext(void* context)
{
    public KernelTensor Input(int index)
    {
        void* value;
        NativeApi.Check(((delegate* unmanaged<void*, nuint, void**, void*>)NativeApi.Functions->KernelContext_GetInput)(
            context, (nuint)index, &value));
        return new(value);
    }

    /// <summary>Allocates an output: to be called once for each. Its content is undefined until written.</summary>
    public KernelTensor Output(int index, params ReadOnlySpan<long> shape)
    {
        void* value;
        fixed (long* dimensions = shape)
        {
            NativeApi.Check(((delegate* unmanaged<void*, nuint, long*, nuint, void**, void*>)NativeApi.Functions->KernelContext_GetOutput)(
                context, (nuint)index, dimensions, (nuint)shape.Length, &value));
        }
        return new(value);
    }

    /// <summary>Calls <paramref name="body"/> with 0 to <paramref name="count"/> - 1 on the session's threads, this one among them.</summary>
    /// <param name="body">The first exception that it throws is thrown again here, after the other calls are done.</param>
    /// <param name="state">Handed to every call.</param>
    public void ParallelFor<T>(int count, delegate*<T*, int, void> body, T* state)
        where T : unmanaged
    {
        var loop = new ParallelLoop((delegate*<void*, int, void>)body, state);
        if (count > 1)
        {
            NativeApi.Check(((delegate* unmanaged<void*, delegate* unmanaged<ParallelLoop*, nuint, void>, nuint, nuint, void*, void*>)
                NativeApi.Functions->KernelContext_ParallelFor)(context, &ParallelLoop.Run, (nuint)count, 0, &loop));
        }
        else if (count == 1)
        {
            body(state, 0);
        }
        loop.Rethrow();
    }
}
