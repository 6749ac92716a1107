using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Tests.Storage;

namespace SoftPromptGrpc.Server.Tests.Grpc;

/// <summary>The whole server over PostgreSQL.</summary>
public sealed class PostgresServerTests(PostgresServerTests.OverPostgres server) : IClassFixture<PostgresServerTests.OverPostgres>
{
    private readonly PromptService.PromptServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task List_NameWithACharacterThatPostgresLacks_IsInvalid()
    {
        Assert.Empty((await _client.ListPromptsAsync(new(), cancellationToken: _ct)).Prompts);

        var error = await Assert.ThrowsAsync<RpcException>(() =>
            _client.ListPromptsAsync(new() { Filter = "name = \"a\0\"" }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Update_UnknownPrompt_IsNotFound()
    {
        var request = new UpdatePromptRequest { Prompt = "none", Values = new() { Description = "d" }, UpdateMask = new FieldMask { Paths = { "description" } } };

        var error = await Assert.ThrowsAsync<RpcException>(() => _client.UpdatePromptAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    public sealed class OverPostgres : ServerFixture
    {
        private readonly PostgresDatabase _database = new();

        protected override IEnumerable<(string Key, string Value)> Settings =>
            [("Storage:Provider", "postgres"), ("Storage:ConnectionString", _database.Options.ConnectionString)];

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            _database.Dispose();
        }
    }
}
