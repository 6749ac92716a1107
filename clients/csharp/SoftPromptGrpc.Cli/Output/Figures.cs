using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace SoftPromptGrpc.Cli.Output;

/// <summary>How figures look, whatever the machine's language.</summary>
internal static class Figures
{
    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Loss(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    public static string Rate(double value) => value.ToString("0.###e+0", CultureInfo.InvariantCulture);

    public static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    public static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);

    public static string Duration(TimeSpan value) => value switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds:0} ms"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{value.TotalSeconds:0.0} s"),
        { TotalHours: < 1 } => value.ToString(@"m\:ss", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)value.TotalHours}:{value:mm\\:ss}"),
    };

    public static string Bytes(long value) => value switch
    {
        < 1000 => $"{value} B",
        < 1000 * 1000 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:0.0} kB"),
        < 1000 * 1000 * 1000 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:0.0} GB"),
    };

    /// <summary>In UTC, to the second; empty where absent.</summary>
    public static string Time(Timestamp? value) =>
        value?.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";
}
