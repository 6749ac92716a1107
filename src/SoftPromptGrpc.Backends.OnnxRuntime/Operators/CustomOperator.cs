using Microsoft.ML.OnnxRuntime.Tensors;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators;

/// <summary>An operator that is written in C#. ONNX Runtime asks for a kernel for each of its nodes.</summary>
/// <param name="name">The node's type.</param>
internal abstract class CustomOperator(string name, IReadOnlyList<OperatorInput> inputs, IReadOnlyList<TensorElementType> outputs)
{
    public string Name => name;

    public IReadOnlyList<OperatorInput> Inputs => inputs;

    public IReadOnlyList<TensorElementType> Outputs => outputs;

    /// <param name="info">Valid during the call.</param>
    public abstract IKernel CreateKernel(KernelInfo info);
}

internal readonly record struct OperatorInput(TensorElementType Type, bool IsOptional = false);

/// <summary>One node of a graph. Disposed with its session.</summary>
internal interface IKernel : IDisposable
{
    /// <summary>
    /// Computes the outputs from the inputs. What it throws fails the session's run with its message. Called by one thread at a time
    /// as long as the session's owner runs it so.
    /// </summary>
    /// <param name="context">Valid during the call, as are the tensors that come from it.</param>
    void Compute(KernelContext context);
}
