using System.Text.Json;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>adapter_config.json. Older versions of PEFT lack some fields, newer ones have more: only peft_type is required.</summary>
internal sealed class PeftConfigFields(JsonElement root)
{
    private const int MaxUnknownFields = 64;

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "auto_mapping", "base_model_name_or_path", "inference_mode", "modules_to_save", "num_attention_heads", "num_layers",
        "num_transformer_submodules", "num_virtual_tokens", "peft_type", "peft_version", "prompt_tuning_init",
        "prompt_tuning_init_text", "revision", "task_type", "token_dim", "tokenizer_kwargs", "tokenizer_name_or_path",
    };

    public void RequirePromptTuning()
    {
        var type = Text("peft_type") ?? throw Invalid("peft_type", "is missing");
        if (type != "PROMPT_TUNING")
            throw new SoftPromptException(ErrorKind.Unsupported, $"Adapters of the PEFT type '{Quoted.Text(type)}' are not supported.");
        if (Find("modules_to_save") is { } modules && modules.GetRawText() != "[]")
            throw new SoftPromptException(ErrorKind.Unsupported, "The adapter replaces modules of its model (modules_to_save).");
    }

    /// <param name="rows">Of the tensor: virtual tokens times submodules. An encoder-decoder has two; PEFT uses the first's rows.</param>
    public PeftPromptConfig Read(int rows, int width)
    {
        var submodules = Number("num_transformer_submodules") ?? 1;
        var virtualTokens = Number("num_virtual_tokens") ?? (submodules > 0 ? rows / submodules : 0);
        if (virtualTokens < 1 || submodules is < 1 or > 2 || (long)virtualTokens * submodules != rows)
            throw Invalid("num_virtual_tokens", $"times num_transformer_submodules must be the tensor's {rows} rows");
        if ((Number("token_dim") ?? width) != width)
            throw Invalid("token_dim", $"must be the tensor's width, {width}");
        return new PeftPromptConfig(
            virtualTokens, width, Number("num_layers") ?? 0, Number("num_attention_heads") ?? 0, Text("base_model_name_or_path"),
            Text("prompt_tuning_init") ?? "RANDOM", Text("prompt_tuning_init_text"), Unknown(), Text("peft_version"))
        {
            TaskType = Text("task_type") ?? PeftPromptConfig.CausalLanguageModel,
        };
    }

    private Dictionary<string, string> Unknown()
    {
        var unknown = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in root.EnumerateObject().Where(field => !Known.Contains(field.Name)))
            unknown[field.Name] = field.Value.GetRawText();
        return unknown.Count <= MaxUnknownFields
            ? unknown
            : throw new SoftPromptException(ErrorKind.Invalid, $"{AdapterFiles.Config} has more than {MaxUnknownFields} unknown fields.");
    }

    private string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Invalid(name, "must be a string"),
    };

    private int? Number(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => number,
        _ => throw Invalid(name, "must be a whole number"),
    };

    private JsonElement? Find(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static SoftPromptException Invalid(string name, string why) =>
        new(ErrorKind.Invalid, $"{AdapterFiles.Config}: {name} {why}.");
}
