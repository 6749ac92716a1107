using System.Globalization;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Limits;

/// <summary>The deadline as it comes with a call: at most 8 digits and a unit, such as "500m".</summary>
internal static class GrpcTimeout
{
    private const string Header = "grpc-timeout";

    /// <summary>Whether the call lasts as long as a training, which has a limit of its own.</summary>
    public static bool IsLong(string path) => path.StartsWith($"/{TrainingService.Descriptor.FullName}/", StringComparison.Ordinal);

    /// <summary>Brings a call's deadline forward where it has none or a later one; gRPC keeps it then.</summary>
    public static void Bound(IHeaderDictionary headers, TimeSpan most)
    {
        if (Parse(headers[Header].ToString()) is { } own && own <= most)
            return;
        headers[Header] = Format(most);
    }

    /// <returns>Null: there is none, or none that gRPC would take.</returns>
    public static TimeSpan? Parse(string text)
    {
        if (text.Length is < 2 or > 9 || !int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return null;
        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(count),
            'M' => TimeSpan.FromMinutes(count),
            'S' => TimeSpan.FromSeconds(count),
            'm' => TimeSpan.FromMilliseconds(count),
            'u' => TimeSpan.FromMicroseconds(count),
            'n' => TimeSpan.FromMicroseconds(count / 1000.0),
            _ => null,
        };
    }

    private static string Format(TimeSpan timeout) => timeout.TotalMilliseconds < 99_999_999
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Ceiling(timeout.TotalMilliseconds)}m")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)timeout.TotalSeconds}S");
}
