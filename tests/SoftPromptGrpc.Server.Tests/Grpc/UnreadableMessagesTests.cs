using Google.Rpc;
using Grpc.Core;

namespace SoftPromptGrpc.Server.Tests.Grpc;

public sealed class UnreadableMessagesTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly byte[] NoMessage = [0x0a, 0xff];

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("softprompt.v1.PromptService", "GetPrompt", MethodType.Unary)]
    [InlineData("softprompt.v1.InferenceService", "StreamInfer", MethodType.ServerStreaming)]
    [InlineData("softprompt.v1.PromptService", "ImportPrompt", MethodType.ClientStreaming)]
    public async Task Call_MessageThatDoesNotParse_IsInvalid(string service, string name, MethodType type)
    {
        var bytes = new Marshaller<byte[]>(message => message, message => message);
        var method = new Method<byte[], byte[]>(type, service, name, bytes, bytes);
        var invoker = server.Channel.CreateCallInvoker();

        var error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(invoker, method));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal("MESSAGE_MALFORMED", error.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    private async Task CallAsync(CallInvoker invoker, Method<byte[], byte[]> method)
    {
        var options = new CallOptions(cancellationToken: _ct);
        if (method.Type == MethodType.Unary)
            await invoker.AsyncUnaryCall(method, null, options, NoMessage);
        if (method.Type == MethodType.ServerStreaming)
            await invoker.AsyncServerStreamingCall(method, null, options, NoMessage).ResponseStream.MoveNext(_ct);
        if (method.Type != MethodType.ClientStreaming)
            return;
        using var call = invoker.AsyncClientStreamingCall(method, null, options);
        await call.RequestStream.WriteAsync(NoMessage, _ct);
        await call.RequestStream.CompleteAsync();
        await call;
    }
}
