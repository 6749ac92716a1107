using SoftPromptGrpc.Server.Datasets;
using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Inference;
using SoftPromptGrpc.Server.Jobs;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Models;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Security;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Telemetry;

if (ServerCommands.AreMeantBy(args))
    return await ServerCommands.RunAsync(args, Console.Out, Console.Error);

return await Running.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddHosting();
    builder.Services.AddSecurity();
    builder.AddTelemetry();
    builder.Services.AddLimits();
    builder.Services.AddGrpcEdge();
    builder.Services.AddBackends();
    builder.Services.AddModels();
    builder.Services.AddStorage();
    builder.Services.AddPrompts();
    builder.Services.AddInference();
    builder.Services.AddDatasets();
    builder.Services.AddTrainingJobs();

    var app = builder.Build();
    app.UseTelemetry();
    app.MapGrpcEdge();
    return app;
});
