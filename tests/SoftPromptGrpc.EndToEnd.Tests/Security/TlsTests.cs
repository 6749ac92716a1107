using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Security;

/// <summary>Over real connections: what is trusted and what is refused.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly CertificateAuthority _authority = new();
    private readonly CertificateFiles _files = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Call_OverTls_IsAnsweredAndARenewedCertificateIsUsed()
    {
        using var first = _authority.ForServer();
        using var second = _authority.ForServer();
        _files.Write(first);
        var seen = new List<string>();
        await using var server = await StartAsync(Handler(seen), ("Tls:RenewalCheck", "00:00:00"));

        await ListModelsAsync(server.Channel);
        _files.Write(second);
        using var reconnected = GrpcChannel.ForAddress(server.Address, new() { HttpHandler = Handler(seen) });
        await ListModelsAsync(reconnected);

        Assert.Equal([first.Thumbprint, second.Thumbprint], seen);
    }

    [Fact]
    public async Task Call_WithClientCertificates_IsAnsweredToKnownSubjectsOnly()
    {
        using var strangers = new CertificateAuthority();
        using var certificate = _authority.ForServer();
        _files.Write(certificate);
        await using var server = await StartAsync(
            Handler(null, _authority.ForClient("CN=worker, O=Acme")),
            ("Tls:ClientCertificates", "Required"),
            ("Tls:ClientAuthorities", _files.Write("ca.pem", _authority.Pem)),
            ("Security:Certificates:0:Subject", "CN=worker,O=Acme"),
            ("Security:Certificates:0:Tenant", "acme"),
            ("Security:Certificates:0:Scopes", "infer"));

        await ListModelsAsync(server.Channel);
        var scope = await RefusedAsync(() => new PromptService.PromptServiceClient(server.Channel)
            .DeletePromptAsync(new() { Prompt = "p" }, cancellationToken: _ct).ResponseAsync);
        var unknown = await ConnectAsync(server, _authority.ForClient("CN=somebody"));
        var foreign = await ConnectAsync(server, strangers.ForClient("CN=worker, O=Acme"));
        var ofServer = await ConnectAsync(server, _authority.ForServer());
        var none = await ConnectAsync(server);

        Assert.Equal(StatusCode.PermissionDenied, scope.StatusCode);
        Assert.Equal(StatusCode.Unauthenticated, unknown.StatusCode);
        Assert.All([foreign, ofServer, none], error => Assert.NotNull(error.Status.DebugException)); // No connection.
    }

    [Fact]
    public async Task Client_WithAuthorityAndCertificate_IsAnsweredAndStrangersAreNotTrusted()
    {
        using var strangers = new CertificateAuthority();
        using var certificate = _authority.ForServer();
        _files.Write(certificate);
        await using var server = await StartAsync(
            Handler(),
            ("Tls:ClientCertificates", "Accepted"),
            ("Tls:ClientAuthorities", _files.Write("ca.pem", _authority.Pem)),
            ("Security:Certificates:0:Subject", "CN=worker"),
            ("Security:Certificates:0:Tenant", "acme"),
            ("Security:Certificates:0:Scopes", "infer"));
        var options = new SoftPromptClientOptions { MaxAttempts = 1, Authorities = [_authority.Certificate] };

        await using var known = new SoftPromptClient(
            server.Address.AbsoluteUri, options with { ClientCertificate = _authority.ForClient("CN=worker") });
        await using var nobody = new SoftPromptClient(server.Address.AbsoluteUri, options);
        await using var mistrustful = new SoftPromptClient(server.Address.AbsoluteUri, options with { Authorities = [strangers.Certificate] });
        var models = await known.ListModelsAsync(_ct).ToListAsync(_ct);
        var unknown = await Assert.ThrowsAsync<SoftPromptRpcException>(async () => await nobody.ListModelsAsync(_ct).ToListAsync(_ct));
        var untrusted = await Assert.ThrowsAsync<SoftPromptRpcException>(async () => await mistrustful.ListModelsAsync(_ct).ToListAsync(_ct));

        Assert.Single(models);
        Assert.Equal((StatusCode.Unauthenticated, "CREDENTIALS_MISSING"), (unknown.StatusCode, unknown.Reason));
        Assert.True(untrusted.IsConnectionFailure);
    }

    [Fact]
    public async Task Start_DatabaseIsNotThere_DoesNotTellItsPassword()
    {
        var (exitCode, errors) = await ServerProcess.RunAsync(
            [.. Model, ("Storage:Provider", "postgres"), ("Storage:ConnectionString", "Host=127.0.0.1;Port=1;Username=u;Password=hunter2")]);

        Assert.Equal(1, exitCode);
        Assert.StartsWith("The server cannot start: ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnAllAddressesForEverybody_IsRefusedInOneLine()
    {
        var (exitCode, errors) = await ServerProcess.RunAsync([.. Model, ("Server:Listen", "http://0.0.0.0:0")]);

        Assert.Equal(78, exitCode);
        Assert.StartsWith(
            "The configuration is wrong: Server:Listen: everybody who reaches this address could use the server.", errors,
            StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'));
    }

    [Fact]
    public async Task Start_OnAllAddressesAllowed_Listens()
    {
        await using var server = await ServerProcess.StartAsync(
            [.. Model, ("Server:Listen", "http://0.0.0.0:0"), ("Security:AllowAnonymousRemote", "true")]);

        Assert.NotNull(server.Channel);
    }

    [Fact]
    public async Task Start_CertificateWithoutKey_IsRefusedInOneLine()
    {
        using var certificate = _authority.ForServer();
        _files.Write(certificate);

        var (exitCode, errors) = await ServerProcess.RunAsync(
            [.. Model, ("Server:Listen", "https://127.0.0.1:0"), ("Tls:Certificate", _files.Certificate)]);

        Assert.Equal(78, exitCode);
        Assert.StartsWith("The configuration is wrong: Tls:Certificate: the file is no certificate", errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'));
    }

    private static (string, string)[] Model => [("Models:0:Id", "m"), ("Models:0:Path", Path.GetTempPath())];

    private Task<ServerProcess> StartAsync(SocketsHttpHandler handler, params (string, string)[] settings) => ServerProcess.StartAsync(
        new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true },
        [
            .. Model, ("Server:Listen", "https://127.0.0.1:0"), ("Tls:Certificate", _files.Certificate), ("Tls:Key", _files.Key),
            .. settings,
        ]);

    private async Task<RpcException> ConnectAsync(ServerProcess server, X509Certificate2? certificate = null)
    {
        using var channel = GrpcChannel.ForAddress(server.Address, new() { HttpHandler = Handler(null, certificate), DisposeHttpClient = true });
        return await RefusedAsync(() => ListModelsAsync(channel));
    }

    private static Task<RpcException> RefusedAsync(Func<Task> call) => Assert.ThrowsAsync<RpcException>(call);

    private Task<ListModelsResponse> ListModelsAsync(GrpcChannel channel) =>
        new ModelService.ModelServiceClient(channel).ListModelsAsync(new(), cancellationToken: _ct).ResponseAsync;

    /// <summary>Trusts the authority alone.</summary>
    private SocketsHttpHandler Handler(List<string>? seen = null, X509Certificate2? client = null)
    {
        var ssl = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { _authority.Certificate },
            },
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            {
                seen?.Add(certificate!.GetCertHashString());
                return errors == SslPolicyErrors.None;
            },
        };
        if (client is not null)
            ssl.LocalCertificateSelectionCallback = (_, _, _, _, _) => client;
        return new SocketsHttpHandler { SslOptions = ssl };
    }
}
