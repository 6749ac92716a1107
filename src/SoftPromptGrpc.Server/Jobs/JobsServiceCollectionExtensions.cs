using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Jobs;

internal static class JobsServiceCollectionExtensions
{
    public static IServiceCollection AddTrainingJobs(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<JobOptions, JobOptionsValidator>().BindConfiguration(JobOptions.Section);
        services.AddSingleton<InitialPrompts>();
        services.AddSingleton<RequestedData>();
        services.AddSingleton<TrainingPlanner>();
        services.AddSingleton<JobContinuation>();
        services.AddSingleton<JobSignals>();
        services.AddSingleton<IJobOwnership>(provider => provider.GetRequiredService<IOptions<StorageOptions>>() is { Value.IsShared: true } shared
            ? new PostgresOwnership(shared)
            : new SoleOwnership());
        services.AddSingleton<JobStore>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<JobRun>();
        services.AddSingleton<TrainingJobs>();
        return services.AddHostedService<JobRunner>();
    }
}
