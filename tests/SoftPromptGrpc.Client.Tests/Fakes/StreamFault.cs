using Grpc.Core;

namespace SoftPromptGrpc.Client.Tests.Fakes;

/// <summary>Where a stream ends before its job does, and how.</summary>
/// <param name="Repeats">Events sent once more than asked for.</param>
public sealed record StreamFault(long AfterSequence, Func<ServerCallContext, Task> Break, int Repeats = 0)
{
    public static StreamFault None { get; } = new(long.MaxValue, _ => Task.CompletedTask);

    public static StreamFault Ends(long after) => new(after, _ => Task.CompletedTask);

    public static StreamFault Throws(long after, RpcException failure) => new(after, _ => throw failure);

    /// <summary>The connection itself is cut, once <paramref name="received"/> has completed.</summary>
    public static StreamFault Aborts(long after, Task received) => new(after, async context =>
    {
        await received;
        context.GetHttpContext().Abort();
    });

    /// <summary>Sends nothing more until the client goes.</summary>
    public static StreamFault Hangs(long after, Action reached) => new(after, async context =>
    {
        reached();
        await Task.Delay(Timeout.Infinite, context.CancellationToken);
    });
}
