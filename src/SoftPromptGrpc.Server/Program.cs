using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Jobs;
using SoftPromptGrpc.Server.Models;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;

return await Running.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddHosting();
    builder.Services.AddGrpcEdge();
    builder.Services.AddModels();
    builder.Services.AddStorage();
    builder.Services.AddPrompts();
    builder.Services.AddTrainingJobs();
    builder.Services.AddTorchTraining();

    var app = builder.Build();
    app.MapGrpcEdge();
    return app;
});
