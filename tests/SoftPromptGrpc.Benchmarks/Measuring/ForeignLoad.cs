using System.Diagnostics;
using System.Globalization;

namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>What other processes, and the host of a virtual machine, took of the cores since <see cref="Start"/>. Linux only.</summary>
internal sealed class ForeignLoad
{
    /// <summary>Up to this many cores the system itself takes now and then.</summary>
    public const double QuietCores = 0.05;

    private const double TicksPerSecond = 100;

    // /proc/stat: cpu user nice system idle iowait irq softirq steal, of all cores.
    private static readonly int[] BusyColumns = [1, 2, 3, 6, 7, 8];

    private readonly int[] _ours;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly double _busy = BusySeconds();
    private readonly double _own;

    private ForeignLoad(int[] ours) => (_ours, _own) = (ours, OwnSeconds(ours));

    /// <param name="ours">Other processes that belong to the measurement, such as a server that is asked.</param>
    public static ForeignLoad Start(params int[] ours) => new(ours);

    /// <summary>The mean number of cores, to about 0.02 over a second.</summary>
    public double Cores()
    {
        var elapsed = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        return Math.Max(0, (BusySeconds() - _busy - (OwnSeconds(_ours) - _own)) / elapsed);
    }

    private static double OwnSeconds(int[] others) =>
        Environment.CpuUsage.TotalTime.TotalSeconds + EndedChildrenSeconds() + others.Sum(OwnSeconds);

    /// <summary>Of processes that this one started and that are over.</summary>
    private static double EndedChildrenSeconds()
    {
        // /proc/self/stat: cutime and cstime are fields 16 and 17; the name, in parentheses, may hold blanks.
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[13], CultureInfo.InvariantCulture) + double.Parse(fields[14], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static double OwnSeconds(int id)
    {
        using var process = Process.GetProcessById(id);
        return process.TotalProcessorTime.TotalSeconds;
    }

    private static double BusySeconds()
    {
        var columns = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return BusyColumns.Sum(column => double.Parse(columns[column], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
