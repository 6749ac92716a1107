using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>Makes operators known to sessions. Must outlive every session that is opened with options it was added to.</summary>
internal sealed unsafe class CustomOperatorDomain : IDisposable
{
    private readonly List<nint> _tables = [];
    private void* _domain;

    /// <param name="name">The nodes' domain.</param>
    public CustomOperatorDomain(string name, params ReadOnlySpan<CustomOperator> operators)
    {
        var nativeName = Marshal.StringToCoTaskMemUTF8(name);
        void* domain;
        var status = ((delegate* unmanaged<nint, void**, void*>)NativeApi.Functions->CreateCustomOpDomain)(nativeName, &domain);
        Marshal.FreeCoTaskMem(nativeName);
        NativeApi.Check(status);
        _domain = domain;
        var add = (delegate* unmanaged<void*, OperatorTable*, void*>)NativeApi.Functions->CustomOpDomain_Add;
        foreach (var custom in operators)
        {
            var table = OperatorTable.Allocate(custom);
            _tables.Add((nint)table);
            NativeApi.Check(add(_domain, table));
        }
    }

    public void AddTo(SessionOptions options)
    {
        ObjectDisposedException.ThrowIf(_domain is null, this);
        var add = (delegate* unmanaged<nint, void*, void*>)NativeApi.Functions->AddCustomOpDomain;
        NativeApi.Check(add(options.DangerousGetHandle(), _domain));
        GC.KeepAlive(options);
    }

    public void Dispose()
    {
        if (_domain is null)
            return;
        ((delegate* unmanaged<void*, void>)NativeApi.Functions->ReleaseCustomOpDomain)(_domain);
        _domain = null;
        foreach (var table in _tables)
            OperatorTable.Free((OperatorTable*)table);
    }
}
