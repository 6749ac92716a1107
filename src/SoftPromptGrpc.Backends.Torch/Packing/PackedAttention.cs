using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Packing;

// R: rows, Q: rows that ask, F: positions in front of everything, H: query heads, G: key/value heads, D: head size.
/// <summary>
/// Attention of a layer over packed rows on the CPU: one node of autograd's graph, where libtorch's functions take a dozen for each
/// sequence. Heads are shared out among the threads.
/// </summary>
internal sealed class PackedAttention : autograd.SingleTensorFunction<PackedAttention>
{
    public override string Name => nameof(PackedAttention);

    /// <param name="queries">[1, Q, H, D].</param>
    /// <param name="keys">[1, R, G, D].</param>
    /// <param name="values">[1, R, G, D].</param>
    /// <param name="front">Keys and values in front of every stem: [2, G, F, D]; null: none.</param>
    /// <returns>[1, Q, H * D].</returns>
    public static Tensor Of(
        Tensor queries, Tensor keys, Tensor values, Tensor? front, AttentionRule rule, AttentionLayout layout, PassedGradients passed)
    {
        using var scope = NewDisposeScope();
        Tensor[] inputs = [.. new[] { queries, keys, values, front }.OfType<Tensor>().Select(WithWholeRows)];
        var call = new Call(rule, layout, passed);
        var output = is_grad_enabled() && inputs.Any(t => t.requires_grad) ? apply([.. inputs, call]) : call.Forward(inputs).Output;
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>Rows may stand apart, as parts of wider ones do.</summary>
    private static Tensor WithWholeRows(Tensor x) =>
        x.shape[0] == 1 && x.stride(3) == 1 && x.stride(2) == x.shape[3] ? x : x.contiguous();

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var call = (Call)vars[^1];
        Tensor[] inputs = [.. vars[..^1].Cast<Tensor>()];
        var (output, logSums) = call.Forward(inputs);
        call.Keep([.. inputs, output, logSums]);
        ctx.save_data(nameof(Call), call);
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var gradients = ((Call)ctx.get_data(nameof(Call))).Backward(grad_output);
        grad_output.Dispose();
        return [.. gradients, null!];
    }

    private sealed class Call(AttentionRule rule, AttentionLayout layout, PassedGradients passed)
    {
        // What the way back needs, and frees. If there is none, the finalizers do.
        private Tensor[] _kept = [];

        public void Keep(Tensor[] tensors) => _kept = [.. tensors.Select(tensor => tensor.detach().DetachFromDisposeScope())];

        /// <param name="inputs">Queries, keys, values, and what is in front.</param>
        public (Tensor Output, Tensor LogSums) Forward(Tensor[] inputs)
        {
            var output = empty(1, layout.Queries, (long)rule.HeadCount * rule.HeadSize);
            var logSums = empty(layout.Queries, rule.HeadCount);
            var (kernel, outputStart, logSumStart) = (Kernel(inputs), Rows(output), Start(logSums));
            EachGroup(group => kernel.Forward(group, outputStart, logSumStart));
            return (output, logSums);
        }

        public Tensor[] Backward(Tensor gradient)
        {
            using var scope = NewDisposeScope();
            var (inputs, output, logSums) = (_kept[..^2], Rows(_kept[^2]), Start(_kept[^1]));
            Tensor[] gradients = [.. inputs.Select(input => zeros(input.shape).DetachFromDisposeScope())];
            var (kernel, start, into) = (Kernel(inputs), Rows(gradient.contiguous()), Operands(gradients));
            EachGroup(group => kernel.Backward(group, output, logSums, start, into));
            passed.Replace(gradients);
            foreach (var tensor in _kept)
                tensor.Dispose();
            return gradients;
        }

        private AttentionKernel Kernel(Tensor[] inputs) =>
            new(rule, layout, inputs.Length > 3 ? (int)inputs[3].shape[2] : 0, Operands(inputs));

        private void EachGroup(Action<int> body) =>
            Parallel.For(0, rule.KeyValueHeadCount, new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() }, body);

        private static AttentionOperands Operands(Tensor[] tensors) =>
            new(Rows(tensors[0]), Rows(tensors[1]), Rows(tensors[2]), tensors.Length > 3 ? Start(tensors[3]) : 0);

        /// <param name="tensor">[1, rows, ...].</param>
        private static Matrix Rows(Tensor tensor)
        {
            using var first = tensor.narrow(1, 0, 1);
            return new(Start(first), (int)tensor.stride(1));
        }

        /// <summary>Native memory: it stays where it is as long as the tensor lives.</summary>
        private static unsafe nint Start(Tensor tensor) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
    }
}
