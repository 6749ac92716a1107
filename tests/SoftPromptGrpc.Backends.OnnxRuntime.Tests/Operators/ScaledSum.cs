using Microsoft.ML.OnnxRuntime.Tensors;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Operators;

/// <summary>[rows, width] and, optionally, [width]: scale * (x + y), row by row on all threads. Row <c>refused</c> throws.</summary>
internal sealed unsafe class ScaledSum() : CustomOperator(
    nameof(ScaledSum),
    [new(TensorElementType.Float), new(TensorElementType.Float, IsOptional: true)],
    [TensorElementType.Float])
{
    public int LiveKernels { get; private set; }

    public override IKernel CreateKernel(KernelInfo info)
    {
        var kernel = new Kernel(this, info.Float("scale"), (int)info.Integer("refused"));
        LiveKernels++;
        return kernel;
    }

    private sealed class Kernel(ScaledSum owner, float scale, int refused) : IKernel
    {
        public void Compute(KernelContext context)
        {
            var (x, y) = (context.Input(0), context.Input(1));
            var shape = x.Shape();
            var rows = new Rows
            {
                X = (float*)x.Data,
                Y = y.IsPresent ? (float*)y.Data : null,
                Output = (float*)context.Output(0, shape).Data,
                Width = (int)shape[1],
                Scale = scale,
                Refused = refused,
            };
            context.ParallelFor((int)shape[0], &Row, &rows);
        }

        public void Dispose() => owner.LiveKernels--;

        private static void Row(Rows* rows, int row)
        {
            if (row == rows->Refused)
                throw new InvalidOperationException($"Row {row} is refused.");
            for (var i = 0; i < rows->Width; i++)
            {
                var at = row * rows->Width + i;
                rows->Output[at] = rows->Scale * (rows->X[at] + (rows->Y is null ? 0 : rows->Y[i]));
            }
        }
    }

    private struct Rows
    {
        public float* X;
        public float* Y;
        public float* Output;
        public int Width;
        public float Scale;
        public int Refused;
    }
}
