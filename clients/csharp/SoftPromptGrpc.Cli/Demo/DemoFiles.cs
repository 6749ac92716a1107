using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Cli.Demo;

/// <summary>Where the demo finds what it needs: the server beside this program, the model in this folder or one above it.</summary>
internal static class DemoFiles
{
    private const string Server = "SoftPromptGrpc.Server";

    /// <exception cref="UsageException">It is not there.</exception>
    public static FileInfo FindServer(DirectoryInfo program)
    {
        // Build output of both projects lies in .../<project>/<configuration>/.
        var file = new FileInfo(Path.Combine(program.FullName, "..", "..", Server, program.Name, $"{Server}.dll"));
        return file.Exists
            ? file
            : throw new UsageException($"{Server}.dll is not beside this program: build it, or name it with --server.");
    }

    /// <exception cref="UsageException">It is not there.</exception>
    public static DirectoryInfo FindModel(DirectoryInfo program, string name)
    {
        for (var folder = program; folder is not null; folder = folder.Parent)
        {
            var model = new DirectoryInfo(Path.Combine(folder.FullName, "models", name));
            if (File.Exists(Path.Combine(model.FullName, "config.json")))
                return model;
        }

        throw new UsageException($"There is no models/{name} above this program: name a checkpoint with --model-directory.");
    }

    /// <summary>The dotnet that runs this program, which can run the server, too.</summary>
    public static string Dotnet()
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var dotnet = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        return File.Exists(dotnet) ? dotnet : "dotnet";
    }

    public static DirectoryInfo Program { get; } = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
}
