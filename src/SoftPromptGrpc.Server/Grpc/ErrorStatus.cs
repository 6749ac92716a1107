using System.Collections.Immutable;
using System.Data.Common;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Storage;
using Status = Google.Rpc.Status;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>What a caller is told about an exception, in the rich error model (AIP-193).</summary>
internal static class ErrorStatus
{
    private const string Domain = "softprompt";
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // No default arm: a kind without a status does not compile.
    public static StatusCode ToStatusCode(this ErrorKind kind) => kind switch
    {
        ErrorKind.Invalid => StatusCode.InvalidArgument,
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.AlreadyExists => StatusCode.AlreadyExists,
        ErrorKind.Precondition => StatusCode.FailedPrecondition,
        ErrorKind.Unsupported => StatusCode.Unimplemented,
        ErrorKind.Overloaded => StatusCode.ResourceExhausted,
        ErrorKind.Corrupt => StatusCode.DataLoss,
        ErrorKind.Conflict => StatusCode.Aborted,
        ErrorKind.Unavailable => StatusCode.Unavailable,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.Denied => StatusCode.PermissionDenied,
    };

    /// <summary>Whether the exception is a defect of ours that somebody has to look at.</summary>
    public static bool IsDefect(Exception exception) =>
        exception is not (SoftPromptException or OperationCanceledException or RpcException or InvalidProtocolBufferException)
        && !IsUnstorable(exception);

    public static Status Of(Exception exception) => exception switch
    {
        SoftPromptException failure => OfDomain(failure),
        OperationCanceledException => Make(StatusCode.Cancelled, "The call was cancelled.", "CANCELLED"),
        _ when IsUnstorable(exception) => Make(StatusCode.InvalidArgument, "A text has the character U+0000.", "TEXT_MALFORMED"),
        InvalidProtocolBufferException => OfDomain(UnreadableMessages.Refusal),
        RpcException failure => failure.GetRpcStatus()
            ?? Make(failure.StatusCode, failure.Status.Detail, failure.StatusCode == StatusCode.Unimplemented ? "NOT_IMPLEMENTED" : "RPC"),
        _ when StoreFailures.Of(exception) is { } failure => OfDomain(failure),
        _ => Make(StatusCode.Internal, "Internal error.", "INTERNAL"),
    };

    /// <summary>PostgreSQL has no such character in its texts, not even to compare with.</summary>
    private static bool IsUnstorable(Exception exception) =>
        (exception is DbUpdateException ? exception.InnerException : exception) is DbException { SqlState: "22021" };

    public static Status DeadlineExceeded() => Make(StatusCode.DeadlineExceeded, "The deadline has passed.", "DEADLINE_EXCEEDED");

    private static Status OfDomain(SoftPromptException failure)
    {
        var status = Make(failure.Kind.ToStatusCode(), failure.Message, failure.Reason ?? ReasonOf(failure.Kind), failure.Metadata);
        if (failure.Violations.Count > 0)
            status.Details.Add(Any.Pack(ToBadRequest(failure.Violations)));
        if (failure.Quota is { } quota)
            status.Details.Add(Any.Pack(ToQuotaFailure(quota, failure.Message)));
        if (failure.Kind == ErrorKind.Overloaded && (failure.Quota is { } used ? used.RetryAfter : RetryDelay) is { } delay)
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        return status;
    }

    private static QuotaFailure ToQuotaFailure(Quota quota, string message) => new()
    {
        Violations =
        {
            new QuotaFailure.Types.Violation
            {
                Subject = $"tenant:{quota.Tenant}", Description = message, QuotaMetric = quota.Limit, QuotaValue = quota.Value,
            },
        },
    };

    private static BadRequest ToBadRequest(IReadOnlyList<FieldViolation> violations) => new()
    {
        FieldViolations =
        {
            violations.Select(v => new BadRequest.Types.FieldViolation { Field = v.Field, Description = v.Description }),
        },
    };

    private static string ReasonOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Invalid => "INVALID_REQUEST",
        ErrorKind.NotFound => "NOT_FOUND",
        ErrorKind.AlreadyExists => "ALREADY_EXISTS",
        ErrorKind.Precondition => "PRECONDITION_FAILED",
        ErrorKind.Unsupported => "UNSUPPORTED",
        ErrorKind.Overloaded => "OVERLOADED",
        ErrorKind.Corrupt => "CORRUPT",
        ErrorKind.Conflict => "CONFLICT",
        ErrorKind.Unavailable => "UNAVAILABLE",
        ErrorKind.Unauthenticated => "UNAUTHENTICATED",
        ErrorKind.Denied => "DENIED",
    };

    private static Status Make(
        StatusCode code, string message, string reason, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var info = new ErrorInfo { Reason = reason, Domain = Domain };
        foreach (var (name, value) in metadata ?? ImmutableDictionary<string, string>.Empty)
            info.Metadata.Add(name, value);
        return new() { Code = (int)code, Message = message, Details = { Any.Pack(info) } };
    }
}
