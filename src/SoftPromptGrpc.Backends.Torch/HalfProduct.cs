using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>
/// x * weight^T + bias over a frozen weight that stays in 16 bits. The weight becomes float32 for the product, and once more for the
/// gradient of x, so that the arithmetic is float32's and no float32 copy outlives a product: autograd would keep one for each.
/// </summary>
internal sealed class HalfProduct : autograd.SingleTensorFunction<HalfProduct>
{
    public override string Name => nameof(HalfProduct);

    public static Tensor Of(Tensor x, Tensor weight, Tensor? bias, PassedGradients passed) =>
        x.requires_grad && is_grad_enabled() ? apply(x, new Operands(weight, bias, passed)) : Multiply(x, weight, bias);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var operands = (Operands)vars[1];
        ctx.save_data(nameof(Operands), operands);
        return Multiply((Tensor)vars[0], operands.Weight, operands.Bias);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var operands = (Operands)ctx.get_data(nameof(Operands));
        using var scope = NewDisposeScope();
        var gradient = grad_output.matmul(operands.Weight.to(float32)).DetachFromDisposeScope();
        operands.Passed.Replace([gradient]);
        grad_output.Dispose();
        return [gradient, null!];
    }

    private static Tensor Multiply(Tensor x, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(x, weight.to(float32), bias).MoveToOuterDisposeScope();
    }

    private sealed record Operands(Tensor Weight, Tensor? Bias, PassedGradients Passed);
}
