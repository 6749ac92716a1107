using Google.Protobuf;
using Grpc.Core;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>Answers a call in place of the service, while nothing of its message has been read.</summary>
internal static class Refusals
{
    public static Task RefuseAsync(this HttpContext call, SoftPromptException refusal)
    {
        var status = ErrorStatus.Of(refusal);
        if (call.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) != true)
            return call.RefuseHttpAsync((StatusCode)status.Code, refusal.Message);
        // A response that is nothing but trailers: gRPC over HTTP/2, "Trailers-Only".
        call.Response.ContentType = "application/grpc";
        var headers = call.Response.Headers;
        headers["grpc-status"] = $"{status.Code}";
        headers["grpc-message"] = Uri.EscapeDataString(status.Message);
        headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray());
        return Task.CompletedTask;
    }

    private static Task RefuseHttpAsync(this HttpContext call, StatusCode code, string message)
    {
        call.Response.StatusCode = code switch
        {
            StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
            StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
            _ => StatusCodes.Status403Forbidden,
        };
        return call.Response.WriteAsync(message);
    }
}
