using System.Text;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Who did what, in the log category "Audit".</summary>
internal sealed class AuditTrail(CurrentCaller current, ILoggerFactory loggers)
{
    private const int MostCharacters = 200;
    private readonly ILogger _logger = loggers.CreateLogger("Audit");

    /// <param name="resource">As the caller named it.</param>
    /// <param name="outcome">"OK", or the status, such as "NOT_FOUND".</param>
    public void Write(string method, string resource, string outcome) => Write(current.Caller, method, resource, outcome);

    public void Write(Caller? caller, string method, string resource, string outcome) =>
        _logger.Audited(caller?.Tenant ?? "", Printable(caller?.Name ?? "nobody"), method, Printable(resource), outcome);

    /// <summary>On one line of bounded length, so that nobody can make it look like another.</summary>
    private static string Printable(string text)
    {
        var printable = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MostCharacters)))
            printable.Append(char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c);
        return printable.ToString();
    }
}
