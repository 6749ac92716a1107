using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Grpc;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Lets a call in if its caller may make it, before a byte of its message is read.</summary>
internal sealed class CallerMiddleware(RequestDelegate next, Authentication authentication, CurrentCaller current, AuditTrail trail)
{
    public async Task InvokeAsync(HttpContext call)
    {
        var path = call.Request.Path.Value ?? "";
        if (!MethodScopes.IsOpen(path))
        {
            try
            {
                var caller = await authentication.FindCallerAsync(call);
                Require(caller, path);
                current.Enter(caller);
            }
            catch (SoftPromptException refusal)
            {
                await call.RefuseAsync(refusal);
                return;
            }
        }
        await next(call);
    }

    private void Require(Caller caller, string path)
    {
        var anyOf = MethodScopes.AnyOf(path);
        if (caller.Scopes.Allow(anyOf))
            return;
        trail.Write(caller, path, "", "PERMISSION_DENIED");
        var names = anyOf.ToName();
        var message = names.Contains(',', StringComparison.Ordinal)
            ? $"This call needs one of the scopes {names.Replace(",", ", ", StringComparison.Ordinal)}."
            : $"This call needs the scope {names}.";
        throw new SoftPromptException(ErrorKind.Denied, message)
        {
            Reason = "SCOPE_MISSING",
            Metadata = new Dictionary<string, string> { ["scope"] = names },
        };
    }
}
