using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SoftPromptGrpc.Client;

namespace SoftPromptGrpc.Cli;

/// <summary>Who calls, and whom the caller trusts. Nothing of it is kept anywhere.</summary>
internal sealed class CredentialOptions(Func<string, string?> environment)
{
    private readonly Option<string?> _apiKey = Text("--api-key", "KEY", "An API key. Better in SOFTPROMPT_API_KEY, where other users cannot see it.");
    private readonly Option<string?> _token = Text("--token", "TOKEN", "A bearer token (JWT). Better in SOFTPROMPT_TOKEN.");
    private readonly Option<string?> _authorities = Text("--ca", "FILE", "PEM: the authorities whose servers are trusted, and no others.");
    private readonly Option<string?> _certificate = Text("--client-certificate", "FILE", "PEM: the certificate that is shown to the server.");
    private readonly Option<string?> _key = Text("--client-key", "FILE", "PEM: its private key, where that is in another file.");

    private readonly Option<bool> _allowUnencrypted = new("--allow-unencrypted")
    {
        Description = "Sends a key or token over http:// to another machine too.",
        Recursive = true,
    };

    public IEnumerable<Option> All => [_apiKey, _token, _authorities, _certificate, _key, _allowUnencrypted];

    public SoftPromptClientOptions Apply(ParseResult result, SoftPromptClientOptions options)
    {
        // What is said on the command line goes before the environment.
        var (apiKey, token) = (result.GetValue(_apiKey), result.GetValue(_token));
        if (apiKey is null && token is null)
            (apiKey, token) = (FromEnvironment("SOFTPROMPT_API_KEY"), FromEnvironment("SOFTPROMPT_TOKEN"));
        if (apiKey is not null && token is not null)
            throw new UsageException("Either a key or a token, not both.");
        return options with
        {
            ApiKey = apiKey,
            Token = token is null ? null : _ => Task.FromResult(token),
            AllowUnencryptedCredentials = result.GetValue(_allowUnencrypted),
            Authorities = result.GetValue(_authorities) is { } authorities ? ReadAuthorities(authorities) : null,
            ClientCertificate = result.GetValue(_certificate) is { } certificate
                ? ReadCertificate(certificate, result.GetValue(_key) ?? certificate)
                : null,
        };
    }

    private string? FromEnvironment(string name) => environment(name) is { Length: > 0 } value ? value : null;

    private static X509Certificate2Collection ReadAuthorities(string path) => Read("--ca", path, () =>
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("There is no certificate.");
    });

    private static X509Certificate2 ReadCertificate(string path, string key) =>
        Read("--client-certificate", path, () => X509Certificate2.CreateFromPemFile(path, key));

    private static T Read<T>(string option, string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new UsageException($"{option}: '{path}' cannot be read as PEM. {exception.Message}");
        }
    }

    private static Option<string?> Text(string name, string helpName, string description) =>
        new(name) { Description = description, HelpName = helpName, Recursive = true };
}
