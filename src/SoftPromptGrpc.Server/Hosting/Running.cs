using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Hosting;

internal static class Running
{
    private const int BadConfiguration = 78; // EX_CONFIG of sysexits.h.
    private const int StartFailed = 1;

    /// <summary>What is left of the host's stop after the grace period, to answer what was cancelled.</summary>
    private static readonly TimeSpan AfterGrace = TimeSpan.FromSeconds(20);

    /// <summary>Runs an application to its end. A start that fails is one line on standard error and an exit code.</summary>
    public static async Task<int> RunAsync(Func<WebApplication> compose)
    {
        try
        {
            await using var app = compose();
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            var server = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
            app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout =
                server.ShutdownDelay + server.ShutdownGrace + AfterGrace;
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception) when (WrongConfiguration(exception) is { } reason)
        {
            await Console.Error.WriteLineAsync($"The configuration is wrong: {reason}");
            return BadConfiguration;
        }
        catch (IOException exception)
        {
            await Console.Error.WriteLineAsync($"The server cannot start: {exception.Message}");
            return StartFailed;
        }
    }

    private static string? WrongConfiguration(Exception exception) => exception switch
    {
        OptionsValidationException invalid => string.Join(" ", invalid.Failures),
        AggregateException several when several.InnerExceptions.All(inner => WrongConfiguration(inner) is not null) =>
            string.Join(" ", several.InnerExceptions.Select(WrongConfiguration)),
        InvalidOperationException { InnerException: FormatException or ArgumentException } unreadable => unreadable.Message,
        SoftPromptException { Kind: ErrorKind.Unsupported or ErrorKind.Invalid } wrong => wrong.Message,
        _ => null,
    };
}
