namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>Where the hub and its cache are, by the environment variables of the huggingface_hub package.</summary>
/// <param name="CacheDirectory">Shared with Python.</param>
/// <param name="Token">Sent to <paramref name="Endpoint"/> alone; null: none.</param>
/// <param name="Offline">Nothing is asked of the hub: only what is cached is used.</param>
public sealed record HubSettings(Uri Endpoint, string CacheDirectory, string? Token = null, bool Offline = false)
{
    private static readonly string[] True = ["1", "ON", "YES", "TRUE"];

    /// <summary>How long a download may stand still before it is taken up again.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long to wait before a broken download is taken up again; doubled each time.</summary>
    public TimeSpan ResumeDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Keeps the token out of logs.</summary>
    public override string ToString() => $"{Endpoint}{(Offline ? " (offline)" : "")}";

    /// <param name="home">The user's home directory.</param>
    /// <exception cref="FormatException">HF_ENDPOINT is no http or https address.</exception>
    public static HubSettings FromEnvironment(Func<string, string?> environment, string home)
    {
        var cache = Text("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache");
        var huggingFace = Text("HF_HOME") ?? Path.Combine(cache, "huggingface");
        var hub = Text("HF_HUB_CACHE") ?? Text("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(huggingFace, "hub");
        return new HubSettings(
            Address(Text("HF_ENDPOINT") ?? "https://huggingface.co"),
            Path.GetFullPath(Home(hub)),
            Text("HF_TOKEN") ?? StoredToken(Home(Text("HF_TOKEN_PATH") ?? Path.Combine(huggingFace, "token"))),
            True.Contains(Text("HF_HUB_OFFLINE"), StringComparer.OrdinalIgnoreCase));

        string? Text(string name) => environment(name)?.Trim() is { Length: > 0 } value ? value : null;

        string Home(string path) => path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(home, path[2..]) : path;
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new FormatException("HF_ENDPOINT is not an http or https address.");

    /// <summary>What "hf auth login" leaves behind.</summary>
    private static string? StoredToken(string path) =>
        File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;
}
