using System.Diagnostics;
using System.Globalization;

namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>This program again, in a process of its own: for what a process can tell only about itself, such as its peak of memory.</summary>
internal static class ChildRun
{
    /// <summary>What the child writes, line by line.</summary>
    /// <exception cref="InvalidOperationException">The child failed.</exception>
    public static async Task<string[]> LinesAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {process.ExitCode}.");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The only line of a child that writes one whole number.</summary>
    public static async Task<long> NumberAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        long.Parse((await LinesAsync(arguments, cancellationToken)).Single(), CultureInfo.InvariantCulture);
}
