using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Security;

internal static class SecurityServiceCollectionExtensions
{
    public static IServiceCollection AddSecurity(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<SecurityOptions, SecurityOptionsValidator>().BindConfiguration(SecurityOptions.Section);
        services.AddOptions<ServerOptions>().Validate<IOptions<SecurityOptions>>(
            (server, security) => IsProtected(server, security.Value),
            "Server:Listen: everybody who reaches this address could use the server. Set Security:Keys, Security:Jwt or "
            + "Security:Certificates, listen on 127.0.0.1, or set Security:AllowAnonymousRemote to true.");
        services.AddSingleton<CurrentCaller>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<ICurrentTenant, CallerTenant>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<JwtTokens>();
        services.AddSingleton<ClientCertificates>();
        return services.AddSingleton<Authentication>();
    }

    private static bool IsProtected(ServerOptions server, SecurityOptions security) =>
        ListenAddress.TryParse(server.Listen) is not { IsLoopback: false } || security.IsAuthenticating || security.AllowAnonymousRemote;
}
