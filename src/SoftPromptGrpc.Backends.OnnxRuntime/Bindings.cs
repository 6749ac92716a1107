using Microsoft.ML.OnnxRuntime;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>Binds tensors over memory of ours. A binding shares the tensor: only its handle is disposed here.</summary>
internal static class Bindings
{
    public static void Input(this OrtIoBinding binding, string name, OrtValue value)
    {
        using (value)
            binding.BindInput(name, value);
    }

    public static void Output(this OrtIoBinding binding, string name, OrtValue value)
    {
        using (value)
            binding.BindOutput(name, value);
    }

    /// <summary>The same memory as input and output: otherwise the whole cache would be copied in every call.</summary>
    public static void InPlace(this OrtIoBinding binding, string past, string present, OrtValue value)
    {
        using (value)
        {
            binding.BindInput(past, value);
            binding.BindOutput(present, value);
        }
    }
}
