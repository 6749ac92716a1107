using Google.Rpc;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.EndToEnd.Tests.Inference;

/// <summary>What a careless or hostile caller may send: each gets its status, and the server serves on.</summary>
public sealed class BadInputTests(RealServer server)
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(bytes => bytes, bytes => bytes);
    private readonly InferenceService.InferenceServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<StatusCode, string, InferRequest> Requests { get; } = new()
    {
        { StatusCode.NotFound, "MODEL_NOT_FOUND", new() { Model = "none", Input = Text("a") } },
        { StatusCode.NotFound, "PROMPT_NOT_FOUND", new() { Prompt = "none" } },
        { StatusCode.NotFound, "PROMPT_NOT_FOUND", new() { Prompt = "none@7", Model = RealServer.Gpt2, Input = Text("a") } },
        { StatusCode.Unimplemented, "BACKEND_UNKNOWN", new() { Model = RealServer.Gpt2, Backend = "none", Input = Text("a") } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() { Model = RealServer.Gpt2 } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() { Model = RealServer.Gpt2, Input = Text("") } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() { Model = RealServer.Llama, Input = Text("no tokenizer") } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() { Model = RealServer.Gpt2, Prompt = "../../etc/passwd" } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() { Model = RealServer.Gpt2, Input = Text(new string('x', 1_000_000)) } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() { Model = RealServer.Gpt2, Input = Ids(uint.MaxValue) } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", new() { Model = RealServer.Gpt2, Input = Ids(320) } },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", With(new() { MaxNewTokens = int.MaxValue }) },
        { StatusCode.InvalidArgument, "INVALID_REQUEST", With(new() { Temperature = double.NaN }) },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Infer_BadRequest_GetsItsStatus(StatusCode code, string reason, InferRequest request)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => _client.InferAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal((code, reason), (error.StatusCode, error.GetRpcStatus()?.GetDetail<ErrorInfo>().Reason));
        Assert.DoesNotContain(Path.GetTempPath(), error.Status.Detail, StringComparison.Ordinal);
        await server.AssertServesAsync();
    }

    [Fact]
    public async Task Infer_MessageOverTheLimit_IsResourceExhausted()
    {
        var request = new InferRequest { Model = RealServer.Gpt2, Input = Text(new string('x', 33 * 1024 * 1024)) };

        var error = await Assert.ThrowsAsync<RpcException>(() => _client.InferAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        await server.AssertServesAsync();
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x41 })]
    [InlineData(new byte[] { 0x0A, 0x02, 0xC3, 0x28 })]
    public async Task Infer_BytesThatAreNoMessage_FailCleanly(byte[] bytes)
    {
        var method = new Method<byte[], byte[]>(MethodType.Unary, InferenceService.Descriptor.FullName, "Infer", Raw, Raw);
        using var call = server.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(cancellationToken: _ct), bytes);

        await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        await server.AssertServesAsync();
    }

    [Fact]
    public async Task Call_UnknownMethod_IsUnimplemented()
    {
        var method = new Method<byte[], byte[]>(MethodType.Unary, InferenceService.Descriptor.FullName, "Guess", Raw, Raw);
        using var call = server.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(cancellationToken: _ct), []);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task Call_WithHttp1_IsRefused()
    {
        using var http = new HttpClient();

        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var response = await http.GetAsync(server.Process.Address, _ct);
            response.EnsureSuccessStatusCode();
        });
        await server.AssertServesAsync();
    }

    [Fact]
    public async Task Infer_DeadlinePasses_EndsTheGeneration()
    {
        // Passed before it begins: whatever the machine's speed, there is no time.
        var error = await Assert.ThrowsAsync<RpcException>(() => _client.InferAsync(
            new() { Model = RealServer.Gpt2, Input = Text("a") }, deadline: DateTime.UnixEpoch, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await server.AssertServesAsync();
    }

    private static InferRequest With(GenerationOptions options) => new() { Model = RealServer.Gpt2, Input = Text("a"), Generation = options };

    private static Content Text(string text) => new() { Text = text };

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };
}
