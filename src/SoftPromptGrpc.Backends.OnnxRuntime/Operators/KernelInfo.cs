using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>The attributes of a node.</summary>
internal readonly unsafe struct KernelInfo(void* info)
{
    /// <exception cref="InvalidOperationException">The node has no such attribute.</exception>
    public long Integer(string name)
    {
        long value;
        Read(NativeApi.Functions->KernelInfoGetAttribute_int64, name, &value);
        return value;
    }

    /// <inheritdoc cref="Integer"/>
    public float Float(string name)
    {
        float value;
        Read(NativeApi.Functions->KernelInfoGetAttribute_float, name, &value);
        return value;
    }

    private void Read(nint function, string name, void* value)
    {
        var nativeName = Marshal.StringToCoTaskMemUTF8(name);
        var status = ((delegate* unmanaged<void*, nint, void*, void*>)function)(info, nativeName, value);
        Marshal.FreeCoTaskMem(nativeName);
        NativeApi.Check(status);
    }
}
