using System.Globalization;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>
/// How far this process's resident memory has risen since <see cref="Start"/>, by Linux's own high-water mark: whatever else the
/// process does meanwhile counts too.
/// </summary>
internal sealed class ResidentPeak
{
    private const string ResetMark = "5";

    private readonly long _start;

    private ResidentPeak(long start) => _start = start;

    /// <summary>At least 0.</summary>
    public long Bytes => Math.Max(0, Read("VmHWM:") - _start);

    /// <summary>Null where it cannot be measured.</summary>
    public static ResidentPeak? Start()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            File.WriteAllText("/proc/self/clear_refs", ResetMark);
            return new ResidentPeak(Read("VmRSS:"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long Read(string key)
    {
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        var kilobytes = line?[key.Length..].Replace("kB", "", StringComparison.Ordinal);
        return long.TryParse(kilobytes, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value * 1024 : 0;
    }
}
