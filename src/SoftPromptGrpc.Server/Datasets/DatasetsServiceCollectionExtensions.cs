namespace SoftPromptGrpc.Server.Datasets;

internal static class DatasetsServiceCollectionExtensions
{
    public static IServiceCollection AddDatasets(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<DatasetOptions, DatasetOptionsValidator>().BindConfiguration(DatasetOptions.Section);
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<DatasetExamples>();
        return services.AddSingleton<DatasetUploads>();
    }
}
