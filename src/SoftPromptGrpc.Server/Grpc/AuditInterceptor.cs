using System.Text.Json;
using Grpc.Core;
using Grpc.Core.Interceptors;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>Writes down every call that changes something or takes a prompt out, with how it ended.</summary>
internal sealed class AuditInterceptor(AuditTrail trail) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        ResourceOf(request) is { } resource
            ? AuditAsync(context, () => continuation(request, context), _ => resource)
            : continuation(request, context);

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        AuditAsync(context, () => continuation(requestStream, context), response => ResourceOf(response) ?? "");

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (ResourceOf(request) is not { } resource)
            return continuation(request, responseStream, context);
        // It may go on for as long as a training does: that it began is worth a line.
        trail.Write(context.Method, resource, "BEGUN");
        return AuditAsync(context, () => RunAsync(continuation(request, responseStream, context)), _ => resource);
    }

    private static async Task<bool> RunAsync(Task call)
    {
        await call;
        return true;
    }

    private async Task<T> AuditAsync<T>(ServerCallContext context, Func<Task<T>> call, Func<T?, string> resource)
    {
        var answer = default(T);
        var outcome = "OK";
        try
        {
            return answer = await call();
        }
        catch (RpcException exception)
        {
            outcome = JsonNamingPolicy.SnakeCaseUpper.ConvertName($"{exception.StatusCode}");
            throw;
        }
        finally
        {
            trail.Write(context.Method, resource(answer), outcome);
        }
    }

    /// <summary>What a call is about, as its request names it or, of what is new, its response. Null: it only looks.</summary>
    private static string? ResourceOf(object? message) => message switch
    {
        UpdatePromptRequest request => request.Prompt,
        DeletePromptRequest request => request.Prompt,
        ExportPromptRequest request => request.Prompt,
        ImportPromptResponse response => response.Prompt.Reference,
        TrainPromptRequest request => request.Spec?.Prompt ?? "",
        ResumeTrainingJobRequest request => request.Job,
        CancelTrainingJobRequest request => request.Job,
        DeleteDatasetRequest request => request.Dataset,
        UploadDatasetResponse response => response.Dataset?.Id ?? "",
        _ => null,
    };
}
