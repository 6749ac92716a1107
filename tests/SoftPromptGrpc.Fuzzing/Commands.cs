using System.Diagnostics;
using SharpFuzz;

namespace SoftPromptGrpc.Fuzzing;

internal static class Commands
{
    public static void WriteSeeds(IFuzzTarget target, DirectoryInfo directory)
    {
        directory.Create();
        foreach (var (i, seed) in target.Seeds.Index())
            File.WriteAllBytes(Path.Combine(directory.FullName, $"{i}"), seed);
    }

    /// <returns>The exit code.</returns>
    public static int Run(IFuzzTarget target, int seconds, int seed, TextWriter output)
    {
        var began = Stopwatch.GetTimestamp();
        var run = FuzzRun.Of(target, seed, _ => Stopwatch.GetElapsedTime(began).TotalSeconds < seconds);
        output.WriteLine($"{target.Name}: {run.Executions} executions, {run.Accepted} accepted, {run.Finds.Count} finds");
        foreach (var (i, find) in run.Finds.Index())
        {
            var path = Path.Combine(Directory.CreateDirectory(Path.Combine("artifacts", "fuzz", "finds")).FullName, $"{target.Name}-{i}");
            File.WriteAllBytes(path, find.Input);
            output.WriteLine($"{path}: {find.Error}");
        }
        return run.Finds.Count == 0 ? 0 : 1;
    }

    /// <returns>The exit code.</returns>
    public static int Read(IFuzzTarget target, DirectoryInfo directory, TextWriter output)
    {
        var finds = 0;
        foreach (var file in directory.EnumerateFiles())
        {
            try
            {
                output.WriteLine($"{file.Name}: {(target.Read(File.ReadAllBytes(file.FullName)) ? "accepted" : "refused")}");
            }
            catch (Exception error)
            {
                finds++;
                output.WriteLine($"{file.Name}: {error}");
            }
        }
        return finds == 0 ? 0 : 1;
    }

    /// <summary>In a process of its own, so that a stack overflow is a find too.</summary>
    public static void RunUnderAfl(IFuzzTarget target) => Fuzzer.OutOfProcess.Run(stream =>
    {
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        target.Read(bytes.ToArray());
    });
}
