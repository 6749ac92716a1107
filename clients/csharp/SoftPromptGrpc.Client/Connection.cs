using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;

namespace SoftPromptGrpc.Client;

/// <summary>Opens channels as <see cref="SoftPromptClientOptions"/> say.</summary>
internal static class Connection
{
    /// <exception cref="ArgumentException">A key or token would go over the network for everybody to read.</exception>
    public static GrpcChannel Open(string address, SoftPromptClientOptions options)
    {
        var uri = new Uri(address);
        var isSecure = uri.Scheme == Uri.UriSchemeHttps;
        if (options.HasCredentials && !isSecure && !uri.IsLoopback && !options.AllowUnencryptedCredentials)
            throw new ArgumentException("A key or token is not sent over http:// to another machine: use https://.", nameof(address));
        return GrpcChannel.ForAddress(uri, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(10),
                EnableMultipleHttp2Connections = true,
                // A stream that waits for events must notice when the other side is gone.
                KeepAlivePingDelay = TimeSpan.FromSeconds(30),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                UseProxy = !uri.IsLoopback,
                SslOptions = Tls(options),
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = options.MaxReceiveMessageSize,
            ServiceConfig = options.ToServiceConfig(),
            Credentials = Credentials(isSecure ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure, options),
            UnsafeUseInsecureChannelCallCredentials = options.HasCredentials && !isSecure,
        });
    }

    private static ChannelCredentials Credentials(ChannelCredentials channel, SoftPromptClientOptions options) =>
        !options.HasCredentials ? channel : ChannelCredentials.Create(channel, CallCredentials.FromInterceptor(async (context, metadata) =>
            metadata.Add("authorization", $"Bearer {options.ApiKey ?? await options.Token!(context.CancellationToken)}")));

    private static SslClientAuthenticationOptions Tls(SoftPromptClientOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.Authorities is { } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        if (options.ClientCertificate is { } certificate)
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        return tls;
    }
}
