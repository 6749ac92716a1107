using System.Collections.Frozen;
using Google.Protobuf.Reflection;
using Grpc.Health.V1;
using SoftPromptGrpc.Contracts.V1;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace SoftPromptGrpc.Server.Security;

/// <summary>What a caller must be allowed to do for each RPC. What stands nowhere here is the administrator's.</summary>
internal static class MethodScopes
{
    private static readonly FrozenDictionary<string, Scopes> Table = new[]
    {
        Of(InferenceService.Descriptor, Scopes.Infer, "Infer", "StreamInfer", "BatchInfer", "Score", "Classify", "Tokenize"),
        Of(ModelService.Descriptor, Scopes.Infer | Scopes.Train | Scopes.Manage, "ListModels", "GetModel"),
        Of(PromptService.Descriptor, Scopes.Infer | Scopes.Train | Scopes.Manage, "ListPrompts", "GetPrompt"),
        Of(PromptService.Descriptor, Scopes.Train | Scopes.Manage, "InspectPrompt", "FindSimilarPrompts"),
        Of(PromptService.Descriptor, Scopes.Manage, "UpdatePrompt", "DeletePrompt", "ExportPrompt", "ImportPrompt"),
        Of(TrainingService.Descriptor, Scopes.Train, "TrainPrompt", "ResumeTrainingJob", "CancelTrainingJob"),
        Of(TrainingService.Descriptor, Scopes.Train | Scopes.Manage, "WatchTrainingJob", "GetTrainingJob", "ListTrainingJobs"),
        Of(DatasetService.Descriptor, Scopes.Train, "UploadDataset"),
        Of(DatasetService.Descriptor, Scopes.Train | Scopes.Manage, "GetDataset", "ListDatasets", "DeleteDataset"),
    }.SelectMany(entries => entries).ToFrozenDictionary();

    private static readonly FrozenSet<string> Open =
    [
        .. Health.Descriptor.Methods.Select(Path),
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ];

    public static IEnumerable<string> Paths => Table.Keys;

    public static bool IsOpen(string path) => Open.Contains(path);

    /// <summary>Any one of them is enough. Compared to the letter, so that another spelling is never the weaker one.</summary>
    public static Scopes AnyOf(string path) => Table.GetValueOrDefault(path, Scopes.Admin);

    public static string Path(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    private static IEnumerable<KeyValuePair<string, Scopes>> Of(ServiceDescriptor service, Scopes anyOf, params string[] methods) =>
        methods.Select(method => KeyValuePair.Create($"/{service.FullName}/{method}", anyOf));
}
