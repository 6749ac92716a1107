using System.Text.Json;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>adapter_config.json. Older versions of PEFT lack some fields, newer ones have more: only peft_type is required.</summary>
internal sealed class PeftConfigFields(JsonElement root)
{
    private const int MaxUnknownFields = 64;

    private static readonly HashSet<string> Placed = new(StringComparer.Ordinal)
    {
        "base_model_name_or_path", "inference_mode", "num_attention_heads", "num_layers", "num_transformer_submodules",
        "num_virtual_tokens", "peft_type", "task_type", "token_dim",
    };

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Unsupported"/>: none that ends in a prompt or prefix.</exception>
    public PromptMethod ReadMethod()
    {
        var type = Text("peft_type") ?? throw Invalid("peft_type", "is missing");
        if (Find("modules_to_save") is { } modules && modules.GetRawText() != "[]")
            throw new SoftPromptException(ErrorKind.Unsupported, "The adapter replaces modules of its model (modules_to_save).");
        return PeftTypes.Find(type)
            ?? throw new SoftPromptException(ErrorKind.Unsupported, $"Adapters of the PEFT type '{Quoted.Text(type)}' are not supported.");
    }

    /// <param name="rows">Of the tensor.</param>
    /// <param name="width">Of a row.</param>
    public PeftPromptConfig Read(PromptMethod method, int rows, int width)
    {
        var config = new PeftPromptConfig(
            VirtualTokens(method, rows), Number("token_dim") ?? TokenSize(method, width), Number("num_layers") ?? 0,
            Number("num_attention_heads") ?? 0, Text("base_model_name_or_path"))
        {
            Method = method,
            IsDealt = method.MakesPrefix() && Number("num_transformer_submodules") == 2,
            Fields = Others(name => PeftFields.Has(method, name)),
            UnknownFields = Unknown(method),
            TaskType = Text("task_type") ?? PeftPromptConfig.CausalLanguageModel,
        };
        CheckWidth(config, width);
        return config;
    }

    /// <summary>
    /// Rows of embeddings are virtual tokens times submodules. An encoder-decoder has two; PEFT uses the first's rows. Rows of a
    /// prefix are virtual tokens.
    /// </summary>
    private int VirtualTokens(PromptMethod method, int rows)
    {
        var submodules = Number("num_transformer_submodules") ?? 1;
        var perToken = method.MakesPrefix() ? 1 : submodules;
        var virtualTokens = Number("num_virtual_tokens") ?? (perToken > 0 ? rows / perToken : 0);
        if (virtualTokens < 1 || submodules is < 1 or > 2 || (long)virtualTokens * perToken != rows)
            throw Invalid("num_virtual_tokens", $"times num_transformer_submodules must be the tensor's {rows} rows");
        return method != PromptMethod.MultitaskPromptTuning || submodules == 1
            ? virtualTokens
            : throw new SoftPromptException(ErrorKind.Unsupported, "A multitask prompt with rows for a decoder is not supported.");
    }

    private static int TokenSize(PromptMethod method, int width) =>
        method.MakesPrefix() ? throw Invalid("token_dim", "is missing: a prefix cannot be read without it") : width;

    private static void CheckWidth(PeftPromptConfig config, int width)
    {
        if (!config.Method.MakesPrefix())
        {
            if (config.HiddenSize != width)
                throw Invalid("token_dim", $"must be the tensor's width, {width}");
            return;
        }
        if (config.LayerCount < 1 || config.HiddenSize < 1 || (long)config.LayerCount * 2 * config.HiddenSize != width)
            throw Invalid("token_dim", $"times num_layers times 2 must be the tensor's width, {width}");
        if (config.HeadCount < 1 || config.HiddenSize % config.HeadCount != 0)
            throw Invalid("num_attention_heads", "must divide token_dim");
    }

    private Dictionary<string, string> Unknown(PromptMethod method)
    {
        var unknown = Others(name => !PeftFields.Has(method, name));
        return unknown.Count <= MaxUnknownFields
            ? unknown
            : throw new SoftPromptException(ErrorKind.Invalid, $"{AdapterFiles.Config} has more than {MaxUnknownFields} unknown fields.");
    }

    private Dictionary<string, string> Others(Func<string, bool> isWanted)
    {
        var others = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in root.EnumerateObject().Where(field => !Placed.Contains(field.Name) && isWanted(field.Name)))
            others[field.Name] = field.Value.GetRawText();
        return others;
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
