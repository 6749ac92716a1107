namespace SoftPromptGrpc.Core;

/// <summary>A limit of a tenant that a request would exceed.</summary>
/// <param name="Limit">The setting's name, such as "RequestsPerSecond".</param>
/// <param name="RetryAfter">When it may be different; null: waiting does not help.</param>
public sealed record Quota(string Limit, string Tenant, long Value, TimeSpan? RetryAfter)
{
    public SoftPromptException Exceeded(string message) => new(ErrorKind.Overloaded, message) { Reason = "QUOTA_EXCEEDED", Quota = this };
}
