using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Hosting.Tls;

/// <summary>What the files of <see cref="TlsOptions"/> held at one moment.</summary>
internal sealed record TlsFiles(byte[] Certificate, byte[] Key, byte[] ClientAuthorities)
{
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: a file cannot be read. Names the setting.</exception>
    public static TlsFiles Read(TlsOptions options) => new(
        Read(options.Certificate, "Tls:Certificate"),
        Read(options.Key, "Tls:Key"),
        Read(options.ClientAuthorities, "Tls:ClientAuthorities"));

    public bool HasSameContent(TlsFiles other) =>
        Certificate.AsSpan().SequenceEqual(other.Certificate)
        && Key.AsSpan().SequenceEqual(other.Key)
        && ClientAuthorities.AsSpan().SequenceEqual(other.ClientAuthorities);

    /// <summary>The server's certificate with its key and the intermediate ones that clients need.</summary>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: there is no certificate and key in it.</exception>
    public SslStreamCertificateContext ToServerCertificate(string password)
    {
        try
        {
            var (leaf, others) = IsPem(Certificate) ? FromPem(password) : FromPkcs12(password);
            return SslStreamCertificateContext.Create(leaf, others, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw Invalid("Tls:Certificate", "is no certificate with its private key, in PEM or PKCS #12, or has another password", exception);
        }
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: there is none in it.</exception>
    public X509Certificate2Collection ToClientAuthorities()
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(Encoding.UTF8.GetString(ClientAuthorities));
        }
        catch (CryptographicException exception)
        {
            throw Invalid("Tls:ClientAuthorities", "holds a certificate that does not parse", exception);
        }
        return authorities.Count > 0 ? authorities : throw Invalid("Tls:ClientAuthorities", "holds no certificate in PEM");
    }

    private (X509Certificate2 Leaf, X509Certificate2Collection Others) FromPem(string password)
    {
        var certificates = Encoding.UTF8.GetString(Certificate);
        var key = Key.Length > 0 ? Encoding.UTF8.GetString(Key) : certificates;
        var leaf = password.Length > 0
            ? X509Certificate2.CreateFromEncryptedPem(certificates, key, password)
            : X509Certificate2.CreateFromPem(certificates, key);
        var others = new X509Certificate2Collection();
        others.ImportFromPem(certificates);
        others.RemoveAt(0);
        return (leaf, others);
    }

    private (X509Certificate2 Leaf, X509Certificate2Collection Others) FromPkcs12(string password)
    {
        var certificates = X509CertificateLoader.LoadPkcs12Collection(Certificate, password);
        var leaf = certificates.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw new CryptographicException("There is no private key.");
        certificates.Remove(leaf);
        return (leaf, certificates);
    }

    private static bool IsPem(ReadOnlySpan<byte> content) => content.IndexOf("-----BEGIN "u8) >= 0;

    private static byte[] Read(string path, string setting)
    {
        try
        {
            return path.Length == 0 ? [] : File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invalid(setting, "cannot be read", exception);
        }
    }

    private static SoftPromptException Invalid(string setting, string what, Exception? inner = null) =>
        new(ErrorKind.Invalid, $"{setting}: the file {what}.", inner);
}
