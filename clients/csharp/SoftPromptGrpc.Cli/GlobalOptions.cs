using System.CommandLine;

namespace SoftPromptGrpc.Cli;

internal sealed class GlobalOptions(Func<string, string?> environment)
{
    private const string DefaultAddress = "http://127.0.0.1:50051";

    public Option<Uri> Address { get; } = new("--address")
    {
        Description = "The server. SOFTPROMPT_ADDRESS in the environment sets another default.",
        HelpName = "URL",
        Recursive = true,
        DefaultValueFactory = result => ParseAddress(environment("SOFTPROMPT_ADDRESS") ?? DefaultAddress, result.AddError),
        CustomParser = result => ParseAddress(result.Tokens[0].Value, result.AddError),
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "One JSON object a line, in the protobuf JSON of the contract.",
        Recursive = true,
    };

    public Option<TimeSpan?> Timeout { get; } = new("--timeout")
    {
        Description = "Longest time a request may take, such as 30s or 5m; training and token streams have none. Default: 2m.",
        HelpName = "TIME",
        Recursive = true,
        CustomParser = Durations.Parse,
    };

    public CredentialOptions Credentials { get; } = new(environment);

    public IEnumerable<Option> All => [Address, Json, Timeout, .. Credentials.All];

    private static Uri ParseAddress(string text, Action<string> addError)
    {
        var address = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        if (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0)
            return uri;
        addError($"'{text}' is not an address such as {DefaultAddress}.");
        return new Uri(DefaultAddress);
    }
}
