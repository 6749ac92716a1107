namespace SoftPromptGrpc.Server;

// 1700 to 1799: security.
internal static partial class Log
{
    [LoggerMessage(1700, LogLevel.Information, "{Caller} of tenant '{Tenant}': {Method} '{Resource}': {Outcome}.")]
    public static partial void Audited(this ILogger logger, string tenant, string caller, string method, string resource, string outcome);
}
