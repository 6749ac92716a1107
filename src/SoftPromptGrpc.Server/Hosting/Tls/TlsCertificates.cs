using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Hosting.Tls;

/// <summary>
/// How the next connection is secured. Renewed files are taken up as a whole; as long as they are unusable, such as between a new
/// certificate and its key, the old ones stay. Safe from several threads.
/// </summary>
internal sealed class TlsCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private readonly Lock _lock = new();
    private readonly TlsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private TlsFiles _files;
    private SslServerAuthenticationOptions _current;
    private DateTimeOffset _nextLook;

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: the files are unusable.</exception>
    public TlsCertificates(IOptions<TlsOptions> options, TimeProvider time, ILogger<TlsCertificates> logger)
    {
        (_options, _time, _logger) = (options.Value, time, logger);
        _files = TlsFiles.Read(_options);
        _current = ToConnection(_files);
        _nextLook = time.GetUtcNow() + _options.RenewalCheck;
    }

    public SslServerAuthenticationOptions ForNextConnection()
    {
        lock (_lock)
        {
            if (_time.GetUtcNow() >= _nextLook)
                Renew();
            return _current;
        }
    }

    private void Renew()
    {
        _nextLook = _time.GetUtcNow() + _options.RenewalCheck;
        try
        {
            var files = TlsFiles.Read(_options);
            if (files.HasSameContent(_files))
                return;
            _current = ToConnection(files);
            _files = files;
            _logger.CertificateRenewed();
        }
        catch (SoftPromptException exception)
        {
            _logger.CertificateUnusable(exception.Message);
        }
    }

    private SslServerAuthenticationOptions ToConnection(TlsFiles files)
    {
        var connection = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = files.ToServerCertificate(_options.Password),
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        };
        if (_options.ClientCertificates == ClientCertificateMode.None)
            return connection;
        connection.ClientCertificateRequired = true;
        connection.CertificateChainPolicy = Trust(files.ToClientAuthorities());
        if (_options.ClientCertificates == ClientCertificateMode.Accepted)
        {
            connection.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                certificate is null || errors == SslPolicyErrors.None;
        }
        return connection;
    }

    private static X509ChainPolicy Trust(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            ApplicationPolicy = { new Oid(ClientAuthentication) },
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
