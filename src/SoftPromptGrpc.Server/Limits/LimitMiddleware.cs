using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Limits;

/// <summary>Keeps a tenant's calls within its limits, before a byte of their messages is read.</summary>
internal sealed class LimitMiddleware(RequestDelegate next, TenantQuotas quotas)
{
    public async Task InvokeAsync(HttpContext call)
    {
        var path = call.Request.Path.Value ?? "";
        if (MethodScopes.IsOpen(path))
        {
            await next(call);
            return;
        }
        var gate = quotas.Gate;
        IDisposable place;
        try
        {
            place = gate.Enter();
        }
        catch (SoftPromptException refusal)
        {
            await call.RefuseAsync(refusal);
            return;
        }
        using (place)
        {
            if (gate.Limits.RequestTimeout is { } most && !GrpcTimeout.IsLong(path))
                GrpcTimeout.Bound(call.Request.Headers, most);
            await next(call);
        }
    }
}
