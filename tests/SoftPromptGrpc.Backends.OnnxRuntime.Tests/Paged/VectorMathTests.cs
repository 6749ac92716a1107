using System.Runtime.Intrinsics;
using SoftPromptGrpc.Backends.OnnxRuntime.Paged;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Paged;

public sealed class VectorMathTests
{
    [Fact]
    public void Exp_AllOfItsRange_IsExactToSevenDigits()
    {
        for (var x = -87f; x < 88; x += 0.0137f)
            Assert.InRange(VectorMath.Exp(Vector256.Create(x))[3] / Math.Exp(x), 1 - 2e-7, 1 + 2e-7);
        foreach (var x in new[] { float.NegativeInfinity, -1e30f, -88f })
            Assert.Equal(0, VectorMath.Exp(Vector256.Create(x))[0]);
        Assert.Equal(1, VectorMath.Exp(Vector256<float>.Zero)[7]);
    }

    [Fact]
    public void Tanh_AnyNumber_IsExactToSixDigits()
    {
        for (var x = -30f; x < 30; x += 0.0137f)
            Assert.Equal(Math.Tanh(x), VectorMath.Tanh(Vector256.Create(x))[5], 5e-7);
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1.00390625f, 1f)]
    [InlineData(1.01171875f, 1.015625f)]
    [InlineData(-3.14159f, -3.140625f)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public unsafe void Store_BFloat16_RoundsToTheNearest(float value, float expected)
    {
        var elements = stackalloc byte[32];
        new Span<byte>(elements, 32).Clear();

        BFloat16Element.Store(elements, 9, value);

        Assert.Equal(expected, BFloat16Element.Load(elements, 8)[1]);
    }
}
