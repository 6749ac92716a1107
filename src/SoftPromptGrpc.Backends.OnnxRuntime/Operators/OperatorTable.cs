using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>
/// OrtCustomOp of onnxruntime_c_api.h: how ONNX Runtime sees an operator. Behind it stands what the callbacks need, which get its address.
/// No exception leaves a callback: ONNX Runtime could not catch it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OperatorTable
{
    private nuint _version;
    private void* _createKernel;
    private delegate* unmanaged<OperatorTable*, nint> _getName;
    private delegate* unmanaged<OperatorTable*, nint> _getExecutionProviderType;
    private delegate* unmanaged<OperatorTable*, nuint, int> _getInputType;
    private delegate* unmanaged<OperatorTable*, nuint> _getInputTypeCount;
    private delegate* unmanaged<OperatorTable*, nuint, int> _getOutputType;
    private delegate* unmanaged<OperatorTable*, nuint> _getOutputTypeCount;
    private void* _kernelCompute;
    private delegate* unmanaged<nint, void> _kernelDestroy;
    private delegate* unmanaged<OperatorTable*, nuint, int> _getInputCharacteristic;
    private delegate* unmanaged<OperatorTable*, nuint, int> _getOutputCharacteristic;
    private delegate* unmanaged<OperatorTable*, nuint, int> _getInputMemoryType;
    private delegate* unmanaged<OperatorTable*, int> _getVariadicInputMinArity;
    private delegate* unmanaged<OperatorTable*, int> _getVariadicInputHomogeneity;
    private delegate* unmanaged<OperatorTable*, int> _getVariadicOutputMinArity;
    private delegate* unmanaged<OperatorTable*, int> _getVariadicOutputHomogeneity;
    private delegate* unmanaged<OperatorTable*, void*, void*, nint*, void*> _createKernelV2;
    private delegate* unmanaged<nint, void*, void*> _kernelComputeV2;
    private void* _inferOutputShape;
    private delegate* unmanaged<OperatorTable*, int> _getStartVersion;
    private delegate* unmanaged<OperatorTable*, int> _getEndVersion;
    private nint _operator;
    private nint _name;

    /// <returns>To be freed by <see cref="Free"/>, after every session that knows the operator.</returns>
    public static OperatorTable* Allocate(CustomOperator custom)
    {
        var table = (OperatorTable*)NativeMemory.AllocZeroed((nuint)sizeof(OperatorTable));
        table->_version = NativeApi.Version;
        table->_getName = &GetName;
        table->_getExecutionProviderType = &GetExecutionProviderType;
        table->_getInputType = &GetInputType;
        table->_getInputTypeCount = &GetInputTypeCount;
        table->_getOutputType = &GetOutputType;
        table->_getOutputTypeCount = &GetOutputTypeCount;
        table->_kernelDestroy = &DestroyKernel;
        table->_getInputCharacteristic = &GetInputCharacteristic;
        table->_getOutputCharacteristic = table->_getInputMemoryType = &Zero;
        table->_getVariadicInputMinArity = table->_getVariadicInputHomogeneity = &One;
        table->_getVariadicOutputMinArity = table->_getVariadicOutputHomogeneity = &One;
        table->_createKernelV2 = &CreateKernel;
        table->_kernelComputeV2 = &Compute;
        table->_getStartVersion = &One;
        table->_getEndVersion = &LastVersion;
        table->_operator = GCHandle.ToIntPtr(GCHandle.Alloc(custom));
        table->_name = Marshal.StringToCoTaskMemUTF8(custom.Name);
        return table;
    }

    public static void Free(OperatorTable* table)
    {
        GCHandle.FromIntPtr(table->_operator).Free();
        Marshal.FreeCoTaskMem(table->_name);
        NativeMemory.Free(table);
    }

    private static T Target<T>(nint handle)
        where T : class => Unsafe.As<T>(GCHandle.FromIntPtr(handle).Target!);

    private static CustomOperator Operator(OperatorTable* table) => Target<CustomOperator>(table->_operator);

    [UnmanagedCallersOnly]
    private static nint GetName(OperatorTable* table) => table->_name;

    // None: the CPU's.
    [UnmanagedCallersOnly]
    private static nint GetExecutionProviderType(OperatorTable* table) => 0;

    [UnmanagedCallersOnly]
    private static int GetInputType(OperatorTable* table, nuint index) => (int)Operator(table).Inputs[(int)index].Type;

    [UnmanagedCallersOnly]
    private static nuint GetInputTypeCount(OperatorTable* table) => (nuint)Operator(table).Inputs.Count;

    [UnmanagedCallersOnly]
    private static int GetOutputType(OperatorTable* table, nuint index) => (int)Operator(table).Outputs[(int)index];

    [UnmanagedCallersOnly]
    private static nuint GetOutputTypeCount(OperatorTable* table) => (nuint)Operator(table).Outputs.Count;

    // Required or optional.
    [UnmanagedCallersOnly]
    private static int GetInputCharacteristic(OperatorTable* table, nuint index) => Operator(table).Inputs[(int)index].IsOptional ? 1 : 0;

    [UnmanagedCallersOnly]
    private static int Zero(OperatorTable* table, nuint index) => 0;

    [UnmanagedCallersOnly]
    private static int One(OperatorTable* table) => 1;

    [UnmanagedCallersOnly]
    private static int LastVersion(OperatorTable* table) => int.MaxValue;

    [UnmanagedCallersOnly]
    private static void* CreateKernel(OperatorTable* table, void* api, void* info, nint* kernel)
    {
        try
        {
            *kernel = GCHandle.ToIntPtr(GCHandle.Alloc(Operator(table).CreateKernel(new(info))));
            return null;
        }
        catch (Exception exception)
        {
            return NativeApi.Status(exception);
        }
    }

    [UnmanagedCallersOnly]
    private static void* Compute(nint kernel, void* context)
    {
        try
        {
            Target<IKernel>(kernel).Compute(new(context));
            return null;
        }
        catch (Exception exception)
        {
            return NativeApi.Status(exception);
        }
    }

    [UnmanagedCallersOnly]
    private static void DestroyKernel(nint kernel)
    {
        Target<IKernel>(kernel).Dispose();
        GCHandle.FromIntPtr(kernel).Free();
    }
}
