using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// Fields of adapter_config.json that PEFT 0.14 to 0.20 write and that mean nothing here: <see cref="PeftPromptConfig.Fields"/>.
/// </summary>
public static class PeftFields
{
    internal const string TokenizerArguments = "tokenizer_kwargs";

    private static readonly string[] Common = ["auto_mapping", "modules_to_save", "peft_version", "revision"];

    private static readonly string[] PromptTuning =
        ["prompt_tuning_init", "prompt_tuning_init_text", TokenizerArguments, "tokenizer_name_or_path"];

    /// <summary>Whether an adapter of the method has this field.</summary>
    public static bool Has(PromptMethod method, string name) => Common.Contains(name) || Of(method).Contains(name);

    /// <summary>Text as Python's json.dumps writes it, null as null.</summary>
    public static string Json(string? text) => text is null ? "null" : PythonJson.Quote(text);

    private static string[] Of(PromptMethod method) => method switch
    {
        PromptMethod.PromptTuning => PromptTuning,
        PromptMethod.PTuning => ["encoder_dropout", "encoder_hidden_size", "encoder_num_layers", "encoder_reparameterization_type"],
        PromptMethod.PrefixTuning => ["encoder_hidden_size", "init_weights", "prefix_projection"],
        PromptMethod.MultitaskPromptTuning =>
            [.. PromptTuning, "num_ranks", "num_tasks", "prompt_tuning_init_state_dict_path", "prompt_tuning_init_task"],
        PromptMethod.Cartridge => ["num_frozen_tokens"],
    };
}
