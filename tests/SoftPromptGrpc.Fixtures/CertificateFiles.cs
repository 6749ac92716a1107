using System.Security.Cryptography.X509Certificates;

namespace SoftPromptGrpc.Fixtures;

/// <summary>Files of certificates in a temporary directory that goes with it.</summary>
public sealed class CertificateFiles : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("softprompt-tls-");

    public string Certificate => Path.Combine(_directory.FullName, "tls.crt");

    public string Key => Path.Combine(_directory.FullName, "tls.key");

    public void Write(X509Certificate2 certificate)
    {
        File.WriteAllText(Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(Key, KeyOf(certificate));
    }

    public string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    public string Write(string name, byte[] content)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public static string KeyOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
