using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Security;

public sealed class AuditTests : IAsyncDisposable
{
    private readonly AuditedServer _server = new();
    private readonly PromptService.PromptServiceClient _prompts;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public AuditTests() => _prompts = new(_server.Channel);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task ManagementCalls_HoweverTheyEnd_AreWrittenDown()
    {
        await FailsAsync(() => _prompts.DeletePromptAsync(new() { Prompt = "p@1" }, _server.As("acme"), cancellationToken: _ct).ResponseAsync);
        await FailsAsync(() => _prompts.DeletePromptAsync(new() { Prompt = "p" }, _server.As("acme", "infer"), cancellationToken: _ct).ResponseAsync);
        using var export = _prompts.ExportPrompt(new() { Prompt = "q" }, _server.As("other"), cancellationToken: _ct);
        await FailsAsync(() => export.ResponseStream.MoveNext(_ct));
        await _prompts.ListPromptsAsync(new(), _server.As("acme"), cancellationToken: _ct); // Looks only.

        Assert.Equal(
            [
                "key:acme-infer,train,manage of tenant 'acme': /softprompt.v1.PromptService/DeletePrompt 'p@1': NOT_FOUND.",
                "key:acme-infer of tenant 'acme': /softprompt.v1.PromptService/DeletePrompt '': PERMISSION_DENIED.",
                "key:other-infer,train,manage of tenant 'other': /softprompt.v1.PromptService/ExportPrompt 'q': BEGUN.",
                "key:other-infer,train,manage of tenant 'other': /softprompt.v1.PromptService/ExportPrompt 'q': NOT_FOUND.",
            ],
            _server.Log.Of("Audit"));
    }

    [Fact]
    public async Task Resource_WithALineBreak_StaysOnItsLine()
    {
        await FailsAsync(() => _prompts.DeletePromptAsync(
            new() { Prompt = $"a\nAudit: forged\r\u2028{new string('x', 1000)}" }, _server.As("acme"), cancellationToken: _ct).ResponseAsync);

        var line = Assert.Single(_server.Log.Of("Audit"));
        Assert.Contains("'a?Audit: forged??xxx", line, StringComparison.Ordinal);
        Assert.InRange(line.Length, 200, 400);
    }

    [Fact]
    public async Task Log_OfEverythingAtEveryLevel_HoldsNoCredential()
    {
        const string Token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2VjcmV0";
        await _prompts.ListPromptsAsync(new(), _server.As("acme"), cancellationToken: _ct);
        await _prompts.ListPromptsAsync(new(), new() { { "x-api-key", _server.KeyOf("acme", "infer") } }, cancellationToken: _ct);
        await FailsAsync(() => _prompts.ListPromptsAsync(new(), new() { { "authorization", "Bearer spk_wrong" } }, cancellationToken: _ct).ResponseAsync);
        await FailsAsync(() => _prompts.ListPromptsAsync(new(), new() { { "authorization", $"Bearer {Token}" } }, cancellationToken: _ct).ResponseAsync);
        await FailsAsync(() => _prompts.DeletePromptAsync(new() { Prompt = "p" }, _server.As("acme", "infer"), cancellationToken: _ct).ResponseAsync);

        var log = _server.Log.ToString();
        Assert.Contains("/softprompt.v1.PromptService/ListPrompts", log, StringComparison.Ordinal); // It is the log of these calls.
        Assert.All(
            [_server.KeyOf("acme", "infer"), _server.KeyOf("acme", "infer,train,manage"), "spk_wrong", Token, Token.Split('.')[2]],
            secret => Assert.DoesNotContain(secret, log, StringComparison.Ordinal));
    }

    private static Task<RpcException> FailsAsync(Func<Task> call) => Assert.ThrowsAsync<RpcException>(call);

    private sealed class AuditedServer : SecuredServer
    {
        public EveryLog Log { get; } = new();

        protected override IEnumerable<(string Key, string Value)> Settings => base.Settings.Concat(
        [
            ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft", "Trace"), ("Logging:LogLevel:Grpc", "Trace"),
            ("Logging:Console:LogLevel:Default", "None"), ("Logging:Console:LogLevel:Microsoft", "None"),
        ]);

        protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(Log);
    }

    /// <summary>Everything that anybody logs, with the values that are not in the message.</summary>
    private sealed class EveryLog : ILoggerProvider
    {
        private readonly ConcurrentQueue<(string Category, string Message, string Values)> _entries = new();

        public IEnumerable<string> Of(string category) => _entries.Where(entry => entry.Category == category).Select(entry => entry.Message);

        public override string ToString() =>
            string.Join('\n', _entries.Select(entry => $"{entry.Category} {entry.Message} {entry.Values}"));

        public ILogger CreateLogger(string categoryName) => new Category(categoryName, _entries);

        public void Dispose()
        {
        }

        private sealed class Category(string name, ConcurrentQueue<(string, string, string)> entries) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
            {
                entries.Enqueue((name, "scope", Values(state)));
                return null;
            }

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                entries.Enqueue((name, formatter(state, exception), $"{Values(state)} {exception}"));

            private static string Values<TState>(TState state) => state is IEnumerable<KeyValuePair<string, object?>> values
                ? string.Join(' ', values.Select(value => $"{value.Key}={value.Value}"))
                : $"{state}";
        }
    }
}
