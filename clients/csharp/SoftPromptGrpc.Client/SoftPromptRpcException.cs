using System.Net.Sockets;
using Google.Rpc;
using Grpc.Core;
using FieldViolation = SoftPromptGrpc.Contracts.V1.FieldViolation;

namespace SoftPromptGrpc.Client;

/// <summary>A call that failed, with everything the server said about it.</summary>
public sealed class SoftPromptRpcException : Exception
{
    internal SoftPromptRpcException(RpcException exception)
        : base(exception.Status.Detail, exception)
    {
        StatusCode = exception.StatusCode;
        IsConnectionFailure = exception.Status.DebugException is HttpRequestException or IOException or SocketException;
        if (Details(exception) is not { } status)
            return;
        var info = status.GetDetail<ErrorInfo>();
        Reason = info?.Reason ?? "";
        Metadata = info?.Metadata.ToDictionary(StringComparer.Ordinal) ?? [];
        RetryDelay = status.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan();
        Violations = [.. Violated(status.GetDetail<BadRequest>())];
    }

    internal SoftPromptRpcException(StatusCode statusCode, string message)
        : base(message) => StatusCode = statusCode;

    public StatusCode StatusCode { get; }

    /// <summary>A word for programs, such as "PROMPT_NOT_FOUND"; empty where the server gave none.</summary>
    public string Reason { get; } = "";

    /// <summary>More for programs, by the names that the reason has for it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Everything that is wrong with the request.</summary>
    public IReadOnlyList<FieldViolation> Violations { get; } = [];

    /// <summary>When to try again; null where the server did not say.</summary>
    public TimeSpan? RetryDelay { get; }

    /// <summary>Whether the connection failed, so that no server answered.</summary>
    public bool IsConnectionFailure { get; }

    /// <summary>Whether the stream broke rather than being refused: what it was about may still be going on.</summary>
    internal bool IsDropped => IsConnectionFailure || StatusCode is StatusCode.Unavailable or StatusCode.Cancelled;

    internal bool IsRefusedForNow => StatusCode == StatusCode.ResourceExhausted && RetryDelay is not null;

    private static Google.Rpc.Status? Details(RpcException exception)
    {
        try
        {
            return exception.GetRpcStatus();
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static IEnumerable<FieldViolation> Violated(BadRequest? badRequest) =>
        badRequest?.FieldViolations.Select(v => new FieldViolation { Field = v.Field, Description = v.Description }) ?? [];
}
