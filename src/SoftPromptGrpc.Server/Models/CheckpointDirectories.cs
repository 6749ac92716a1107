using SoftPromptGrpc.ModelFormats.Hub;

namespace SoftPromptGrpc.Server.Models;

/// <summary>Where a model's configured path leads: a directory, or a repository on the Hugging Face hub, which is downloaded.</summary>
internal sealed class CheckpointDirectories(IServiceProvider services)
{
    /// <summary>Whether a path could lead anywhere; asks nobody.</summary>
    public static bool IsValid(string path) =>
        HubReference.IsMeantBy(path) ? HubReference.TryParse(path) is not null : Directory.Exists(path);

    /// <exception cref="Core.SoftPromptException">As <see cref="CheckpointHub.GetAsync"/>.</exception>
    public async Task<string> FindAsync(string path, CancellationToken cancellationToken) => HubReference.IsMeantBy(path)
        ? await services.GetRequiredService<CheckpointHub>().GetAsync(HubReference.Parse(path), cancellationToken)
        : path;

    public static void Add(IServiceCollection services)
    {
        services.AddCheckpointHub(() => HubSettings.FromEnvironment(
            Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)));
        services.AddSingleton<CheckpointDirectories>();
    }
}
