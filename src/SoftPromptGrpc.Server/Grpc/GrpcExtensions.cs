using Grpc.AspNetCore.Server;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Grpc;

internal static class GrpcExtensions
{
    public static IServiceCollection AddGrpcEdge(this IServiceCollection services)
    {
        services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<AuditInterceptor>(); // The outer one: it sees what became of the call.
            grpc.Interceptors.Add<ErrorInterceptor>();
        });
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<ServerOptions>>((grpc, server) =>
        {
            grpc.MaxReceiveMessageSize = server.Value.MaxMessageBytes;
            grpc.MaxSendMessageSize = server.Value.MaxMessageBytes;
        });
        services.AddGrpcReflection();
        return services;
    }

    public static void MapGrpcEdge(this WebApplication app)
    {
        app.UseMiddleware<StopMiddleware>();
        app.UseMiddleware<CallerMiddleware>();
        app.UseMiddleware<LimitMiddleware>();
        app.Use(UnreadableMessages.AnswerAsync);
        app.MapGrpcService<DatasetService>();
        app.MapGrpcService<HealthService>();
        app.MapGrpcService<InferenceService>();
        app.MapGrpcService<ModelService>();
        app.MapGrpcService<TrainingService>();
        app.MapGrpcService<PromptService>();
        if (app.Services.GetRequiredService<IOptions<SecurityOptions>>().Value.Reflection)
            app.MapGrpcReflectionService();
    }
}
