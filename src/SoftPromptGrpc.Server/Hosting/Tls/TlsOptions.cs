using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Hosting.Tls;

public enum ClientCertificateMode
{
    /// <summary>Clients are not asked for one.</summary>
    None,

    /// <summary>One that is shown must be of the authorities'.</summary>
    Accepted,

    /// <summary>Without one there is no connection.</summary>
    Required,
}

/// <summary>Bound from the "Tls" section and checked when the host starts. Its files are read again when they are renewed.</summary>
public sealed class TlsOptions
{
    public const string Section = "Tls";

    /// <summary>A file in PEM, the server's certificate first and intermediate ones behind it, or in PKCS #12 (.pfx).</summary>
    public string Certificate { get; set; } = "";

    /// <summary>The private key in PEM; empty: it is in the certificate's file.</summary>
    public string Key { get; set; } = "";

    /// <summary>Of the private key; empty: it has none.</summary>
    public string Password { get; set; } = "";

    public ClientCertificateMode ClientCertificates { get; set; }

    /// <summary>A file in PEM with the authorities whose client certificates are trusted, and no others.</summary>
    public string ClientAuthorities { get; set; } = "";

    /// <summary>How often the files are looked at.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RenewalCheck { get; set; } = TimeSpan.FromMinutes(1);
}

[OptionsValidator]
internal sealed partial class TlsOptionsValidator : IValidateOptions<TlsOptions>;
