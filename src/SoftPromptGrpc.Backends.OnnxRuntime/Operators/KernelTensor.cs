namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>A tensor that a node got, or made.</summary>
internal readonly unsafe struct KernelTensor(void* value)
{
    private const int MostDimensions = 8;

    /// <summary>False: an optional input that was left out.</summary>
    public bool IsPresent => value is not null;

    /// <summary>The first element. The caller knows the type: the operator has declared it.</summary>
    public void* Data
    {
        get
        {
            void* data;
            NativeApi.Check(((delegate* unmanaged<void*, void**, void*>)NativeApi.Functions->GetTensorMutableData)(value, &data));
            return data;
        }
    }

    public long[] Shape()
    {
        void* info;
        NativeApi.Check(((delegate* unmanaged<void*, void**, void*>)NativeApi.Functions->GetTensorTypeAndShape)(value, &info));
        nuint count;
        var dimensions = stackalloc long[MostDimensions];
        var status = ((delegate* unmanaged<void*, nuint*, void*>)NativeApi.Functions->GetDimensionsCount)(info, &count);
        if (status is null && count <= MostDimensions)
            status = ((delegate* unmanaged<void*, long*, nuint, void*>)NativeApi.Functions->GetDimensions)(info, dimensions, count);
        ((delegate* unmanaged<void*, void>)NativeApi.Functions->ReleaseTensorTypeAndShapeInfo)(info);
        NativeApi.Check(status);
        if (count > MostDimensions)
            throw new NotSupportedException($"A tensor has {count} dimensions.");
        return new ReadOnlySpan<long>(dimensions, (int)count).ToArray();
    }
}
