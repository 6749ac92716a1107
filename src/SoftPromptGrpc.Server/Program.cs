using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Models;

return await Running.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddHosting();
    builder.Services.AddGrpcEdge();
    builder.Services.AddModels();

    var app = builder.Build();
    app.MapGrpcEdge();
    return app;
});
