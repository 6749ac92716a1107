using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TorchSharp;

namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>What this machine does at best, for shares of it.</summary>
internal static class MachineRates
{
    private const int MatrixSize = 2048;
    private const int BufferBytes = 256 << 20;
    private const int Repeats = 5;

    /// <summary>Floating-point operations per second of a large product in float32, by libtorch's library.</summary>
    public static double Products(int threads)
    {
        torch.set_num_threads(threads);
        using var a = torch.rand(MatrixSize, MatrixSize);
        using var b = torch.rand(MatrixSize, MatrixSize);
        return Best(2.0 * MatrixSize * MatrixSize * MatrixSize, () => a.matmul(b).Dispose());
    }

    /// <summary>Bytes per second read from memory.</summary>
    public static unsafe double Reading(int threads)
    {
        var buffer = (nint)NativeMemory.AlignedAlloc(BufferBytes, 64);
        try
        {
            new Span<byte>((void*)buffer, BufferBytes).Fill(1);
            var share = BufferBytes / threads;
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
            return Best((double)share * threads, () => Parallel.For(0, threads, options, i => Sum((float*)(buffer + (i * share)), share / sizeof(float))));
        }
        finally
        {
            NativeMemory.AlignedFree((void*)buffer);
        }
    }

    private static double Best(double amount, Action action)
    {
        action();
        return Enumerable.Range(0, Repeats).Max(_ =>
        {
            var start = Stopwatch.GetTimestamp();
            action();
            return amount / Stopwatch.GetElapsedTime(start).TotalSeconds;
        });
    }

    /// <summary>Four streams, so that none waits for the one before, nor for one page's end.</summary>
    private static unsafe float Sum(float* values, int count)
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var quarter = count / 4;
        for (var i = 0; i <= quarter - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            a += Vector512.Load(values + i);
            b += Vector512.Load(values + quarter + i);
            c += Vector512.Load(values + (2 * quarter) + i);
            d += Vector512.Load(values + (3 * quarter) + i);
        }
        return Vector512.Sum(a + b + c + d);
    }
}
