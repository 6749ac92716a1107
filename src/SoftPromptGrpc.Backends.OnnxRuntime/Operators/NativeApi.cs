using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>ONNX Runtime's C interface (onnxruntime_c_api.h): what operators need, the managed package does not offer in another way.</summary>
internal static unsafe partial class NativeApi
{
    /// <summary>Of the C interface and of <see cref="OperatorTable"/>: the first with all that is used here.</summary>
    public const uint Version = 17;

    private const int Failure = 1;

    public static OrtApi* Functions { get; } = Load();

    /// <summary>Throws what a status says, and frees it.</summary>
    /// <exception cref="InvalidOperationException"/>
    public static void Check(void* status)
    {
        if (status is null)
            return;
        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<void*, nint>)Functions->GetErrorMessage)(status));
        ((delegate* unmanaged<void*, void>)Functions->ReleaseStatus)(status);
        throw new InvalidOperationException(message);
    }

    /// <summary>What a callback returns in place of throwing: the caller frees it.</summary>
    public static void* Status(Exception exception)
    {
        var message = Marshal.StringToCoTaskMemUTF8(exception.Message);
        var status = ((delegate* unmanaged<int, nint, void*>)Functions->CreateStatus)(Failure, message);
        Marshal.FreeCoTaskMem(message);
        return status;
    }

    private static OrtApi* Load()
    {
        var functions = ((delegate* unmanaged<uint, OrtApi*>)OrtGetApiBase()[0])(Version);
        return functions is null ? throw new NotSupportedException("This ONNX Runtime is too old for operators of our own.") : functions;
    }

    [LibraryImport("onnxruntime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void** OrtGetApiBase();
}
