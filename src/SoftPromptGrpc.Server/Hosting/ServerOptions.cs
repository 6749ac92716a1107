using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Hosting;

/// <summary>Bound from the "Server" section and checked when the host starts.</summary>
public sealed class ServerOptions
{
    public const string Section = "Server";

    /// <summary>"http://ADDRESS:PORT", spoken as HTTP/2 without TLS, or "https://ADDRESS:PORT". Port 0: a free one, which the log names.</summary>
    [Required]
    public string Listen { get; set; } = "http://127.0.0.1:50051";

    /// <summary>Holds all that the server keeps: prompts, jobs and exported models. Made when missing.</summary>
    [Required]
    public string DataDirectory { get; set; } = "data";

    /// <summary>The largest message that is accepted.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int MaxMessageBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>How long the server goes on listening, at the least, when it stops: for load balancers to see that it is not serving.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ShutdownDelay { get; set; }

    /// <summary>How long running generations may go on when the server stops; then they end as cancelled.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(10);
}

[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;
