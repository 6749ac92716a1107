using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using SoftPromptGrpc.Server.Hosting.Tls;

namespace SoftPromptGrpc.Server.Hosting;

/// <summary>Where Kestrel listens, from <see cref="ServerOptions.Listen"/>.</summary>
internal sealed record ListenAddress(IPAddress Address, int Port, bool IsSecure)
{
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Null where the text is no "http://ADDRESS:PORT" or "https://..." with an IP address or localhost.</summary>
    public static ListenAddress? TryParse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.PathAndQuery != "/")
            return null;
        if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            return null;
        var isSecure = uri.Scheme == Uri.UriSchemeHttps;
        if (uri.DnsSafeHost == "localhost")
            return new ListenAddress(IPAddress.Loopback, uri.Port, isSecure);
        return IPAddress.TryParse(uri.DnsSafeHost, out var address) ? new ListenAddress(address, uri.Port, isSecure) : null;
    }

    /// <summary>Without TLS there is nothing to negotiate the protocol with: clients speak HTTP/2 from the first byte.</summary>
    /// <param name="certificates">Asked for only with TLS.</param>
    public void Apply(KestrelServerOptions kestrel, Func<TlsCertificates> certificates) => kestrel.Listen(Address, Port, listen =>
    {
        listen.Protocols = HttpProtocols.Http2;
        if (!IsSecure)
            return;
        var tls = certificates();
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls.ForNextConnection()) });
    });
}
