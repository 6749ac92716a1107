using System.Text.RegularExpressions;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>
/// A repository on the Hugging Face hub, "hf://owner/name" or "hf://owner/name@revision". Fit to stand in paths and addresses.
/// </summary>
public sealed partial record HubReference
{
    public const string Scheme = "hf://";

    private const int LongestName = 96;
    private const int LongestRevision = 200;
    private const string DefaultRevision = "main";

    private HubReference(string owner, string name, string revision) => (Owner, Name, Revision) = (owner, name, revision);

    public string Owner { get; }

    public string Name { get; }

    /// <summary>A branch, a tag or a commit.</summary>
    public string Revision { get; }

    /// <summary>"owner/name".</summary>
    public string Repository => $"{Owner}/{Name}";

    /// <summary>Whether a configured path means the hub; it may still be malformed.</summary>
    public static bool IsMeantBy(string path) => path.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>Null where the text is no well-formed reference.</summary>
    public static HubReference? TryParse(string text)
    {
        if (Form().Match(text) is not { Success: true } match)
            return null;
        var (owner, name) = (match.Groups["owner"].Value, match.Groups["name"].Value);
        var revision = match.Groups["revision"] is { Success: true } given ? given.Value : DefaultRevision;
        return IsName(owner) && IsName(name) && IsRevision(revision) ? new HubReference(owner, name, revision) : null;
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>.</exception>
    public static HubReference Parse(string text) => TryParse(text)
        ?? throw new SoftPromptException(
            ErrorKind.Invalid, $"'{Quoted.Text(text)}' is not of the form hf://owner/name or hf://owner/name@revision.");

    /// <summary>Whether it is a whole commit, which never changes.</summary>
    public static bool IsCommit(string revision) => Commit().IsMatch(revision);

    public override string ToString() => $"{Repository}@{Revision}";

    // "--" separates owner and name in the cache.
    private static bool IsName(string name) =>
        name.Length <= LongestName && !name.Contains("..", StringComparison.Ordinal) && !name.Contains("--", StringComparison.Ordinal);

    private static bool IsRevision(string revision) =>
        revision.Length <= LongestRevision && !revision.Contains("..", StringComparison.Ordinal);

    [GeneratedRegex(
        @"\Ahf://(?<owner>\w([\w.-]*\w)?)/(?<name>\w([\w.-]*\w)?)(@(?<revision>\w[\w.-]*(/\w[\w.-]*)*))?\z", RegexOptions.ECMAScript)]
    private static partial Regex Form();

    [GeneratedRegex(@"\A[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
