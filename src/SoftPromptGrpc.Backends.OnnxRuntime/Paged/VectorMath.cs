using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>Functions whose results depend on nothing but the lane's own argument, to about one part in ten million.</summary>
internal static class VectorMath
{
    private const float Least = -87.3f;

    /// <summary>e to the x, for x of at most 88; 0 where it would be no normal number. Polynomial: Moshier's Cephes, expf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        var isNormal = Vector256.GreaterThan(x, Vector256.Create(Least));
        var bounded = Vector256.Max(x, Vector256.Create(Least));
        var n = Vector256.Round(bounded * Vector256.Create(1.44269504f));
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693359375f), bounded);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(2.12194440e-4f), r);
        var p = Vector256.Create(1.9875691500e-4f);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.FusedMultiplyAdd(p, r * r, r) + Vector256<float>.One;
        var scaled = (p.AsInt32() + Vector256.ShiftLeft(Vector256.ConvertToInt32(n), 23)).AsSingle();
        return scaled & isNormal;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Tanh(Vector256<float> x)
    {
        var bounded = Vector256.Max(Vector256.Min(x, Vector256.Create(10f)), Vector256.Create(-10f));
        return Vector256<float>.One - Vector256.Create(2f) / (Exp(bounded + bounded) + Vector256<float>.One);
    }
}
