using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Hosting.Tls;

namespace SoftPromptGrpc.Server.Hosting;

internal static class HostingExtensions
{
    public static void AddHosting(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<ServerOptions, ServerOptionsValidator>()
            .BindConfiguration(ServerOptions.Section)
            .Validate(
                options => ListenAddress.TryParse(options.Listen) is not null,
                "Server:Listen must be http://ADDRESS:PORT or https://ADDRESS:PORT with an IP address or localhost.")
            .Validate<IOptions<TlsOptions>>(
                (options, tls) => ListenAddress.TryParse(options.Listen) is not { IsSecure: true } || tls.Value.Certificate.Length > 0,
                "Server:Listen: https needs a certificate in Tls:Certificate.");
        services.AddOptionsWithValidateOnStart<TlsOptions, TlsOptionsValidator>().BindConfiguration(TlsOptions.Section);
        services.AddSingleton<TlsCertificates>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerOptions>, IServiceProvider>(ConfigureKestrel);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Readiness>();
        services.AddSingleton<CallsUnderWay>();
        services.AddHostedService<GracefulStop>();
        services.AddHostedService<ListeningNotice>();
        // Running reports a failed start in one line; the host would add its stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, IOptions<ServerOptions> options, IServiceProvider services)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null; // gRPC bounds every message itself.
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
        if (ListenAddress.TryParse(options.Value.Listen) is { } address)
            address.Apply(kestrel, services.GetRequiredService<TlsCertificates>);
    }
}
