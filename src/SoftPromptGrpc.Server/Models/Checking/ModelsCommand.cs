using System.CommandLine;
using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Models.Checking;

/// <summary><c>models check DIR</c>, whose exit code is a <see cref="CheckVerdict"/>.</summary>
internal static class ModelsCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var directory = new Argument<string>("DIR") { Description = "A checkpoint in Hugging Face layout, or hf://owner/name[@revision]." };
        directory.Validators.Add(given =>
        {
            if (!CheckpointDirectories.IsValid(given.Tokens[0].Value))
                given.AddError($"'{given.Tokens[0].Value}' is neither a directory nor hf://owner/name[@revision].");
        });
        var check = new Command(
            "check",
            "Reports what a checkpoint is, what each backend needs for it and whether they agree on a probe. "
            + "Exit code 0: sound; 1: refused; 2: wrong command line; 3: the backends disagree.")
        {
            directory,
        };
        check.SetAction((parsed, cancellationToken) => CheckAsync(parsed.GetRequiredValue(directory), output, error, cancellationToken));
        return new Command("models", "The base models.") { check };
    }

    private static async Task<int> CheckAsync(string path, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var exports = Directory.CreateTempSubdirectory("softprompt-check-");
        try
        {
            await using var services = Services(exports.FullName);
            var directory = await services.GetRequiredService<CheckpointDirectories>().FindAsync(path, cancellationToken);
            var report = await services.GetRequiredService<ModelCheck>().RunAsync(directory, cancellationToken);
            ModelCheckText.Write(output, report);
            return (int)report.Verdict;
        }
        catch (SoftPromptException refusal)
        {
            await error.WriteLineAsync(refusal.Message);
            return (int)CheckVerdict.Refused;
        }
        finally
        {
            exports.Delete(recursive: true);
        }
    }

    /// <summary>The server's own backends, with its environment variables, and nothing of its data.</summary>
    private static ServiceProvider Services(string exports)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddBackends();
        CheckpointDirectories.Add(services);
        services.Configure<OnnxOptions>(onnx => onnx.CacheDirectory = exports);
        services.AddSingleton<BackendRegistry>();
        services.AddSingleton<ModelCheck>();
        return services.BuildServiceProvider();
    }
}
