using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace SoftPromptGrpc.Client.Tests.Fakes;

/// <summary>Errors as the server sends them.</summary>
public static class Failures
{
    public static RpcException NotFound(string message) => new Status
    {
        Code = (int)Code.NotFound,
        Message = message,
        Details = { Any.Pack(new ErrorInfo { Reason = "NOT_FOUND", Domain = "softprompt" }) },
    }.ToRpcException();

    public static RpcException Invalid(params (string Field, string Description)[] violations) =>
        Invalid("The request is invalid.", violations);

    public static RpcException Invalid(string message, params (string Field, string Description)[] violations) => new Status
    {
        Code = (int)Code.InvalidArgument,
        Message = message,
        Details =
        {
            Any.Pack(new ErrorInfo { Reason = "INVALID_ARGUMENT", Domain = "softprompt" }),
            Any.Pack(new BadRequest
            {
                FieldViolations =
                {
                    violations.Select(v => new BadRequest.Types.FieldViolation { Field = v.Field, Description = v.Description }),
                },
            }),
        },
    }.ToRpcException();

    public static RpcException Busy(TimeSpan? retryDelay) => new Status
    {
        Code = (int)Code.ResourceExhausted,
        Message = "The queue is full.",
        Details = { Any.Pack(new RetryInfo { RetryDelay = retryDelay is { } delay ? Duration.FromTimeSpan(delay) : null }) },
    }.ToRpcException();

    public static RpcException Aborted(string message) => new(new Grpc.Core.Status(StatusCode.Aborted, message));

    public static RpcException Unavailable() => new(new Grpc.Core.Status(StatusCode.Unavailable, "Going down."));
}
