using System.Buffers;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>
/// scale * x W' + b for weights in <see cref="Panels"/>. Inputs: x [..., inputs]; the panels in float32, or in 8 bits and behind them
/// each output's scale; optionally b [outputs]. A row's results do not depend on the other rows, nor on how many there are.
/// </summary>
internal sealed unsafe class PanelProduct : CustomOperator
{
    public const string Float = "PanelProduct";
    public const string Int8 = "Int8PanelProduct";

    private static readonly OperatorInput Numbers = new(TensorElementType.Float);
    private static readonly OperatorInput Bias = new(TensorElementType.Float, IsOptional: true);

    private readonly bool _isInt8;

    private PanelProduct(string name, bool isInt8, params OperatorInput[] inputs)
        : base(name, inputs, [TensorElementType.Float]) => _isInt8 = isInt8;

    public static PanelProduct OfFloat() => new(Float, isInt8: false, Numbers, Numbers, Bias);

    public static PanelProduct OfInt8() => new(Int8, isInt8: true, Numbers, new(TensorElementType.Int8), Numbers, Bias);

    public override IKernel CreateKernel(KernelInfo info) => new Kernel(_isInt8, (int)info.Integer("outputs"), info.Float("scale"));

    private sealed class Kernel(bool isInt8, int outputs, float scale) : IKernel
    {
        public void Compute(KernelContext context)
        {
            var (x, bias) = (context.Input(0), context.Input(isInt8 ? 3 : 2));
            var shape = x.Shape();
            var call = new PanelCall
            {
                X = (float*)x.Data,
                Panels = (byte*)context.Input(1).Data,
                Bias = bias.IsPresent ? (float*)bias.Data : null,
                Inputs = (int)shape[^1],
                Outputs = outputs,
                Scale = scale,
            };
            var rows = 1L;
            foreach (var length in shape.AsSpan(0, shape.Length - 1))
                rows *= length;
            call.Rows = (int)rows;
            shape[^1] = outputs;
            call.Y = (float*)context.Output(0, shape).Data;
            if (isInt8)
                MultiplyRounded(context, &call);
            else
                context.ParallelFor(call.Parts, &PanelCall.Multiply, &call);
        }

        public void Dispose()
        {
        }

        private static void MultiplyRounded(KernelContext context, PanelCall* call)
        {
            call->OutputScales = (float*)context.Input(2).Data;
            var rounded = ArrayPool<short>.Shared.Rent(call->Rows * Panels.Even(call->Inputs));
            var scales = ArrayPool<float>.Shared.Rent(call->Rows);
            fixed (short* pinned = rounded)
            fixed (float* pinnedScales = scales)
            {
                call->Rounded = pinned;
                call->RowScales = pinnedScales;
                context.ParallelFor(call->Rows, &PanelCall.Round, call);
                context.ParallelFor(call->Parts, &PanelCall.Multiply, call);
            }
            ArrayPool<float>.Shared.Return(scales);
            ArrayPool<short>.Shared.Return(rounded);
        }
    }
}
