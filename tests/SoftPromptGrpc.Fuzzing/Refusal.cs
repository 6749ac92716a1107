using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Fuzzing;

/// <summary>What a reader may do with bytes of unknown origin.</summary>
internal static class Refusal
{
    private const int LongestMessage = 300;
    private const long Least = 64 << 20;

    /// <summary>
    /// Whether the reader accepts. It may also refuse, in few words; it may neither break nor take memory out of all proportion.
    /// </summary>
    public static bool OrSuccess(int length, Action read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isAccepted = OrSuccess(read);
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        return taken <= Least + (256L * length)
            ? isAccepted
            : throw new InsufficientMemoryException($"{taken} bytes were allocated for {length}.");
    }

    private static bool OrSuccess(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (SoftPromptException refusal) when (refusal.Kind is ErrorKind.Corrupt or ErrorKind.Unsupported or ErrorKind.Invalid)
        {
            return refusal.Message.Length <= LongestMessage
                ? false
                : throw new InvalidOperationException($"A message of {refusal.Message.Length} characters.", refusal);
        }
    }
}
