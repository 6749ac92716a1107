using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Hosting;

/// <summary>Refuses calls that come once the server stops; health and the like are answered to the end.</summary>
internal sealed class StopMiddleware(RequestDelegate next, CallsUnderWay calls)
{
    public async Task InvokeAsync(HttpContext call)
    {
        if (MethodScopes.IsOpen(call.Request.Path.Value ?? ""))
        {
            await next(call);
            return;
        }
        if (!calls.TryEnter())
        {
            await call.RefuseAsync(new SoftPromptException(ErrorKind.Unavailable, "The server is stopping.") { Reason = "SERVER_STOPPING" });
            return;
        }
        try
        {
            await next(call);
        }
        finally
        {
            calls.Leave();
        }
    }
}
