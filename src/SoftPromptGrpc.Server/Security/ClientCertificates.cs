using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Whom client certificates stand for. That they are genuine was checked when the connection was made.</summary>
internal sealed class ClientCertificates(IOptions<SecurityOptions> options)
{
    private readonly Dictionary<string, Caller> _bySubject = options.Value.Certificates.ToDictionary(
        certificate => Normalize(new X500DistinguishedName(certificate.Subject)),
        certificate => new Caller($"certificate:{certificate.Subject}", certificate.Tenant, ScopeNames.Parse(certificate.Scopes)),
        StringComparer.Ordinal);

    /// <returns>Null: its subject is not known here.</returns>
    public Caller? Find(X509Certificate2 certificate) => _bySubject.GetValueOrDefault(Normalize(certificate.SubjectName));

    /// <summary>However it was written, with blanks or without.</summary>
    private static string Normalize(X500DistinguishedName subject) => subject.Decode(X500DistinguishedNameFlags.Reversed);
}
