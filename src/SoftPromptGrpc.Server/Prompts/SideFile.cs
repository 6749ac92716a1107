using System.Text.Json;
using System.Text.RegularExpressions;
using Google.Protobuf;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>What an adapter says of itself beyond PEFT's fields: the contract's Prompt message in protobuf JSON.</summary>
/// <param name="ModelFingerprint">Null where it says nothing.</param>
internal sealed partial record SideFile(string? ModelFingerprint, TextTemplate? Template)
{
    private const int MostFields = 128;

    /// <summary>Which task of a multitask prompt was served; null where it says nothing.</summary>
    public int? Task { get; init; }

    /// <summary>What an earlier import had in adapter_config.json and its export could not put there: JSON text by name.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static string Write(Wire.Prompt prompt) => JsonFormatter.Default.Format(prompt);

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Corrupt"/>.</exception>
    public static SideFile Read(string? json)
    {
        var prompt = Parse(json);
        var template = prompt.Template?.Pattern is { Length: > 0 } pattern ? pattern : null;
        if (template is not null && !TextTemplate.IsValid(template))
            throw Corrupt("its template is not valid");
        var fingerprint = prompt.ModelFingerprint.Length > 0 ? prompt.ModelFingerprint : null;
        if (fingerprint is not null && !Fingerprint().IsMatch(fingerprint))
            throw Corrupt("its model fingerprint is not valid");
        return new SideFile(fingerprint, template is null ? null : new TextTemplate(template))
        {
            Task = Lineages.MultitaskOf(prompt.Lineage)?.Task,
            Fields = FieldsOf(prompt),
        };
    }

    private static Dictionary<string, string> FieldsOf(Wire.Prompt prompt)
    {
        try
        {
            var fields = ExtraFields.Read(prompt.Lineage?.Imported?.AdapterConfig ?? "");
            return fields.Count <= MostFields ? fields : throw Corrupt($"it has more than {MostFields} fields");
        }
        catch (JsonException error)
        {
            throw Corrupt("its fields do not parse", error);
        }
    }

    private static Wire.Prompt Parse(string? json)
    {
        try
        {
            return json is null ? new Wire.Prompt() : Parser.Parse<Wire.Prompt>(json);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidOperationException or FormatException)
        {
            throw Corrupt("it does not parse", error);
        }
    }

    private static SoftPromptException Corrupt(string why, Exception? inner = null) =>
        new(ErrorKind.Corrupt, $"The adapter's side file is not valid: {why}.", inner);

    /// <summary>It is quoted in an answer: nothing else gets that far.</summary>
    [GeneratedRegex(@"\A[A-Za-z0-9-]{1,128}\z")]
    private static partial Regex Fingerprint();
}
