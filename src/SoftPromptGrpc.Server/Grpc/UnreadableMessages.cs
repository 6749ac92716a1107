using Grpc.Core;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>
/// A request that is no protobuf message never reaches a service or an interceptor: gRPC itself answers UNKNOWN, a status that nothing
/// here gives. It is the caller's mistake, and says so.
/// </summary>
internal static class UnreadableMessages
{
    private const string Status = "grpc-status";

    public static readonly SoftPromptException Refusal = new(ErrorKind.Invalid, "A message does not parse.")
    {
        Reason = "MESSAGE_MALFORMED",
    };

    public static async Task AnswerAsync(HttpContext call, RequestDelegate next)
    {
        await next(call);
        if (!call.Response.HasStarted && call.Response.Headers[Status] == $"{(int)StatusCode.Unknown}")
            await call.RefuseAsync(Refusal);
    }
}
