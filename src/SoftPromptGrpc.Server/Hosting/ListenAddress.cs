using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SoftPromptGrpc.Server.Hosting;

/// <summary>Where Kestrel listens, from <see cref="ServerOptions.Listen"/>.</summary>
internal sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>Null where the text is no "http://ADDRESS:PORT" with an IP address or localhost.</summary>
    public static ListenAddress? TryParse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/")
            return null;
        if (uri.DnsSafeHost == "localhost")
            return new ListenAddress(IPAddress.Loopback, uri.Port);
        return IPAddress.TryParse(uri.DnsSafeHost, out var address) ? new ListenAddress(address, uri.Port) : null;
    }

    /// <summary>Without TLS there is nothing to negotiate the protocol with: clients speak HTTP/2 from the first byte.</summary>
    public void Apply(KestrelServerOptions kestrel) => kestrel.Listen(Address, Port, listen => listen.Protocols = HttpProtocols.Http2);
}
