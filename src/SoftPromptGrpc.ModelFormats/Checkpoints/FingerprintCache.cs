using System.Globalization;
using System.Text;

namespace SoftPromptGrpc.ModelFormats.Checkpoints;

/// <summary>
/// Remembers fingerprints, so that a start does not read every weight. An entry counts only while architecture, place, names,
/// sizes and modification times of the weight files are what they were.
/// </summary>
internal sealed class FingerprintCache(string? cacheDirectory)
{
    private const int Length = 64;

    /// <param name="checkpoint">The directory of the weight files.</param>
    /// <param name="architecture"><see cref="Fingerprint.Describe(Core.Models.DecoderSpec)"/>.</param>
    public string GetOrCompute(string checkpoint, IReadOnlyList<string> fileNames, string architecture, Func<string> compute)
    {
        if (cacheDirectory is null)
            return compute();
        var entry = Path.Combine(cacheDirectory, $"{Key(checkpoint, fileNames, architecture)}.fingerprint");
        if (File.Exists(entry) && File.ReadAllText(entry) is { Length: Length } known && known.All(char.IsAsciiHexDigitLower))
            return known;
        var fingerprint = compute();
        Directory.CreateDirectory(cacheDirectory);
        var unfinished = Path.Combine(cacheDirectory, Path.GetRandomFileName());
        File.WriteAllText(unfinished, fingerprint);
        File.Move(unfinished, entry, overwrite: true);
        return fingerprint;
    }

    private static string Key(string checkpoint, IReadOnlyList<string> fileNames, string architecture)
    {
        var text = new StringBuilder(architecture).Append(Path.GetFullPath(checkpoint)).Append('\n');
        foreach (var name in fileNames)
        {
            var file = new FileInfo(Path.Combine(checkpoint, name));
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            text.Append(CultureInfo.InvariantCulture, $"{name} {target.FullName} {target.Length} {target.LastWriteTimeUtc.Ticks}\n");
        }
        return Fingerprint.Hash(text.ToString());
    }
}
