using System.CommandLine.Parsing;
using System.Globalization;

namespace SoftPromptGrpc.Cli;

internal static class Durations
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
        ("", TimeSpan.FromSeconds(1)),
    ];

    /// <summary>Reads "500ms", "30s", "5m", "1h"; a bare number is seconds.</summary>
    public static TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var (unit, length) = Units.First(candidate => text.EndsWith(candidate.Unit, StringComparison.OrdinalIgnoreCase));
        var number = text[..^unit.Length];
        if (double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            && count > 0 && count * length.TotalDays < 1000)
        {
            return count * length;
        }

        result.AddError($"'{text}' is not a time such as 30s or 5m.");
        return null;
    }
}
