using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using TextTemplate = SoftPromptGrpc.Core.Prompts.TextTemplate;

namespace SoftPromptGrpc.Server.Tests.Security;

public sealed class TenantVisibilityTests(SecuredServer server) : IClassFixture<SecuredServer>
{
    private readonly PromptService.PromptServiceClient _prompts = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_WithTheKeyOfATenant_SeesItsPromptsAlone()
    {
        await AddAsync(SecuredServer.Acme, "theirs");

        var theirs = await _prompts.GetPromptAsync(new() { Prompt = "theirs" }, server.As(SecuredServer.Acme), cancellationToken: _ct);
        var error = await Assert.ThrowsAsync<RpcException>(() => _prompts.GetPromptAsync(
            new() { Prompt = "theirs" }, server.As(SecuredServer.Other), cancellationToken: _ct).ResponseAsync);

        Assert.Equal(1, theirs.Prompt.Version);
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    private async Task AddAsync(string tenant, string name)
    {
        server.Services.GetRequiredService<TenantScope>().Enter(tenant);
        var numbers = new SoftPrompt(1, 2, [1, 2], "print");
        await server.Services.GetRequiredService<PromptStore>().AddAsync(
            new(name, ServerFixture.Model, numbers, TextTemplate.None, new Dictionary<string, string>(), _ => "{}"), _ct);
    }
}
