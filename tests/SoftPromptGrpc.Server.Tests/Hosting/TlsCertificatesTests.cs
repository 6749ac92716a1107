using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Server.Hosting.Tls;

namespace SoftPromptGrpc.Server.Tests.Hosting;

public sealed class TlsCertificatesTests : IDisposable
{
    private readonly CertificateAuthority _authority = new();
    private readonly CertificateFiles _files = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose()
    {
        _authority.Dispose();
        _files.Dispose();
    }

    [Fact]
    public void ForNextConnection_RenewedFiles_AreTakenUpAtTheNextCheck()
    {
        using var first = _authority.ForServer();
        using var second = _authority.ForServer();
        _files.Write(first);
        var certificates = Create(Options());

        _files.Write(second);
        Assert.Equal(first.Thumbprint, Thumbprint(certificates));

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(second.Thumbprint, Thumbprint(certificates));
    }

    [Fact]
    public void ForNextConnection_KeyComesLater_ServesTheOldPairUntilThen()
    {
        using var first = _authority.ForServer();
        using var second = _authority.ForServer();
        _files.Write(first);
        var certificates = Create(Options());

        File.WriteAllText(_files.Certificate, second.ExportCertificatePem());
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(first.Thumbprint, Thumbprint(certificates));

        _files.Write(second);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(second.Thumbprint, Thumbprint(certificates));
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    public void ForNextConnection_Pkcs12_IsRead(string password)
    {
        using var certificate = _authority.ForServer();
        var path = _files.Write("tls.pfx", certificate.Export(X509ContentType.Pfx, password));

        var certificates = Create(new TlsOptions { Certificate = path, Password = password });

        Assert.Equal(certificate.Thumbprint, Thumbprint(certificates));
    }

    [Fact]
    public void Create_EncryptedKeyInTheCertificatesFile_IsRead()
    {
        using var certificate = _authority.ForServer();
        using var key = certificate.GetECDsaPrivateKey()!;
        var encrypted = key.ExportEncryptedPkcs8PrivateKeyPem(
            "secret", new(System.Security.Cryptography.PbeEncryptionAlgorithm.Aes256Cbc, System.Security.Cryptography.HashAlgorithmName.SHA256, 1000));
        var path = _files.Write("both.pem", $"{certificate.ExportCertificatePem()}\n{encrypted}\n");

        var certificates = Create(new TlsOptions { Certificate = path, Password = "secret" });

        Assert.Equal(certificate.Thumbprint, Thumbprint(certificates));
    }

    [Fact]
    public void Create_UnusableFiles_NamesTheSettingAndNoPath()
    {
        using var certificate = _authority.ForServer();
        _files.Write(certificate);
        var missing = Assert.Throws<SoftPromptException>(() => Create(new TlsOptions { Certificate = "/no/such.pem" }));
        var broken = Assert.Throws<SoftPromptException>(
            () => Create(new TlsOptions { Certificate = _files.Write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----") }));
        var untrusted = Options();
        (untrusted.ClientCertificates, untrusted.ClientAuthorities) = (ClientCertificateMode.Required, _files.Write("empty.pem", "none"));
        var nobody = Assert.Throws<SoftPromptException>(() => Create(untrusted));

        Assert.Equal("Tls:Certificate: the file cannot be read.", missing.Message);
        Assert.StartsWith("Tls:Certificate: the file is no certificate with its private key", broken.Message, StringComparison.Ordinal);
        Assert.Equal("Tls:ClientAuthorities: the file holds no certificate in PEM.", nobody.Message);
    }

    private TlsOptions Options() => new() { Certificate = _files.Certificate, Key = _files.Key };

    private TlsCertificates Create(TlsOptions options) => new(Microsoft.Extensions.Options.Options.Create(options), _time, NullLogger<TlsCertificates>.Instance);

    private static string Thumbprint(TlsCertificates certificates) =>
        certificates.ForNextConnection().ServerCertificateContext!.TargetCertificate.Thumbprint;
}
