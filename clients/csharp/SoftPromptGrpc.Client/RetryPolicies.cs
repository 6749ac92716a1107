using Grpc.Net.Client.Configuration;
using SoftPromptGrpc.Contracts.V1;
using StatusCode = Grpc.Core.StatusCode;

namespace SoftPromptGrpc.Client;

/// <summary>Which calls gRPC itself may repeat when the server is unavailable: those that leave nothing behind when done twice.</summary>
internal static class RetryPolicies
{
    private static readonly MethodName[] Idempotent =
    [
        .. Methods(InferenceService.Descriptor.FullName, "Infer", "BatchInfer", "Score", "Classify", "Tokenize"),
        .. Methods(ModelService.Descriptor.FullName, "ListModels", "GetModel"),
        .. Methods(PromptService.Descriptor.FullName, "ListPrompts", "GetPrompt", "InspectPrompt", "FindSimilarPrompts"),
        .. Methods(DatasetService.Descriptor.FullName, "ListDatasets", "GetDataset"),
        .. Methods(TrainingService.Descriptor.FullName, "ListTrainingJobs", "GetTrainingJob", "CancelTrainingJob"),
    ];

    public static ServiceConfig? ToServiceConfig(this SoftPromptClientOptions options)
    {
        if (options.MaxAttempts < 2)
            return null;
        var method = new MethodConfig
        {
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = Math.Min(options.MaxAttempts, 5),
                InitialBackoff = options.InitialBackoff,
                MaxBackoff = options.MaxBackoff,
                BackoffMultiplier = 2,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        foreach (var name in Idempotent)
            method.Names.Add(name);
        return new ServiceConfig { MethodConfigs = { method } };
    }

    private static IEnumerable<MethodName> Methods(string service, params string[] methods) =>
        methods.Select(method => new MethodName { Service = service, Method = method });
}
