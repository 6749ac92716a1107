using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Tests.Security;

public sealed class AuthenticationTests(SecuredServer server) : IClassFixture<SecuredServer>
{
    private readonly PromptService.PromptServiceClient _prompts = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_WithTheKeyInEitherHeader_IsAnswered()
    {
        await ListAsync(server.As(SecuredServer.Acme));
        await ListAsync(new() { { "x-api-key", server.KeyOf(SecuredServer.Acme, "infer") } });
    }

    [Fact]
    public async Task Call_WithoutCredentials_IsUnauthenticated()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => ListAsync([]));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal("CREDENTIALS_MISSING", error.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
    }

    [Theory]
    [InlineData("authorization", "Bearer spk_wrong")]
    [InlineData("authorization", "Bearer not.a.token")]
    [InlineData("authorization", "Basic YTpi")]
    [InlineData("x-api-key", "spk_wrong")]
    public async Task Call_WithAWrongCredential_IsUnauthenticated(string header, string value)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => ListAsync(new() { { header, value } }));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal("CREDENTIALS_INVALID", error.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
        Assert.Equal("The key or token is not valid.", error.Status.Detail);
    }

    [Fact]
    public async Task Call_WithTwoCredentials_IsUnauthenticated()
    {
        var headers = server.As(SecuredServer.Acme);
        headers.Add("x-api-key", server.KeyOf(SecuredServer.Other, "infer"));

        var error = await Assert.ThrowsAsync<RpcException>(() => ListAsync(headers));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task Call_WithoutTheScope_IsDeniedAndNamesIt()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => _prompts.DeletePromptAsync(
            new() { Prompt = "p" }, server.As(SecuredServer.Acme, "train"), cancellationToken: _ct).ResponseAsync);

        var info = error.GetRpcStatus()?.GetDetail<ErrorInfo>();
        Assert.Equal(StatusCode.PermissionDenied, error.StatusCode);
        Assert.Equal("This call needs the scope manage.", error.Status.Detail);
        Assert.Equal(("SCOPE_MISSING", "manage"), (info?.Reason, info?.Metadata["scope"]));
    }

    [Fact]
    public async Task ClientStream_WithoutCredentials_IsRefusedBeforeItsMessages()
    {
        using var call = _prompts.ImportPrompt(cancellationToken: _ct);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task Health_WithoutCredentials_IsOpen()
    {
        var health = await new Health.HealthClient(server.Channel).CheckAsync(new(), cancellationToken: _ct);

        Assert.NotEqual(HealthCheckResponse.Types.ServingStatus.ServiceUnknown, health.Status);
    }

    [Fact]
    public async Task HttpRequest_WithoutCredentials_IsUnauthorized()
    {
        using var response = await server.CreateClient().GetAsync(new Uri("/metrics", UriKind.Relative), _ct);

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public void Find_OneCharacterOff_IsNoKey()
    {
        var key = server.KeyOf(SecuredServer.Acme, "infer");
        var options = new SecurityOptions
        {
            Keys = { new() { Id = "a", Sha256 = Convert.ToHexString(ApiKey.Hash(key)), Tenant = "acme", Scopes = "infer" } },
        };
        var keys = new ApiKeys(Microsoft.Extensions.Options.Options.Create(options));

        Assert.Equal(new Caller("key:a", "acme", Scopes.Infer), keys.Find(key));
        Assert.Null(keys.Find(key[..^1]));
        Assert.Null(keys.Find(key + "A"));
        Assert.Null(keys.Find(key.ToUpperInvariant()));
    }

    private async Task ListAsync(Metadata headers) => await _prompts.ListPromptsAsync(new(), headers, cancellationToken: _ct);
}
