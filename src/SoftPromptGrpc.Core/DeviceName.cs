using System.Globalization;
using System.Text.RegularExpressions;

namespace SoftPromptGrpc.Core;

/// <summary>Where a backend computes, as its options name it: "cpu", "cuda" (the first GPU) or "cuda:N".</summary>
public static partial class DeviceName
{
    public const string Cpu = "cpu";

    /// <returns>The GPU's number from 0; null: the processor.</returns>
    /// <exception cref="FormatException">Not a device's name.</exception>
    public static int? Gpu(string name)
    {
        var match = Names().Match(name);
        if (!match.Success)
            throw new FormatException($"There is no device called \"{name}\".");
        var number = match.Groups["number"].Value;
        return name == Cpu ? null : number.Length == 0 ? 0 : int.Parse(number, CultureInfo.InvariantCulture);
    }

    /// <param name="isHere">Asked only about GPUs.</param>
    /// <returns>What is wrong with the name; null: nothing.</returns>
    public static string? Obstacle(string name, Predicate<int> isHere)
    {
        if (!Names().IsMatch(name))
            return $"must be \"cpu\", \"cuda\" or \"cuda:N\", not \"{name}\".";
        return Gpu(name) is { } gpu && !isHere(gpu)
            ? $"there is no \"{name}\" here; it takes a GPU of NVIDIA's and a build with -p:Accelerator=cuda."
            : null;
    }

    [GeneratedRegex(@"^(cpu|cuda(:(?<number>[0-9]{1,3}))?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
