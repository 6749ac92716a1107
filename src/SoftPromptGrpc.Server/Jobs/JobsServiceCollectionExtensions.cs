using SoftPromptGrpc.Server.Jobs.Planning;

namespace SoftPromptGrpc.Server.Jobs;

internal static class JobsServiceCollectionExtensions
{
    public static IServiceCollection AddTrainingJobs(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<JobOptions, JobOptionsValidator>().BindConfiguration(JobOptions.Section);
        services.AddSingleton<InitialPrompts>();
        services.AddSingleton<TrainingPlanner>();
        services.AddSingleton<JobSignals>();
        services.AddSingleton<JobStore>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<JobRun>();
        services.AddSingleton<TrainingJobs>();
        return services.AddHostedService<JobRunner>();
    }
}
