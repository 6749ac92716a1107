using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>PEFT's names of the methods, and the fields that each has beside the common ones.</summary>
internal static class PeftTypes
{
    private static readonly string[] PromptTuningFields =
        ["prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_kwargs", "tokenizer_name_or_path"];

    public static string NameOf(PromptMethod method) => method switch
    {
        PromptMethod.PromptTuning => "PROMPT_TUNING",
        PromptMethod.PTuning => "P_TUNING",
        PromptMethod.PrefixTuning => "PREFIX_TUNING",
        PromptMethod.MultitaskPromptTuning => "MULTITASK_PROMPT_TUNING",
        PromptMethod.Cartridge => "CARTRIDGE",
    };

    public static PromptMethod? Find(string name) =>
        Enum.GetValues<PromptMethod>().Cast<PromptMethod?>().FirstOrDefault(method => NameOf(method!.Value) == name);

    public static IReadOnlyList<string> FieldsOf(PromptMethod method) => method switch
    {
        PromptMethod.PromptTuning => PromptTuningFields,
        PromptMethod.PTuning => ["encoder_dropout", "encoder_hidden_size", "encoder_num_layers", "encoder_reparameterization_type"],
        PromptMethod.PrefixTuning => ["encoder_hidden_size", "init_weights", "prefix_projection"],
        PromptMethod.MultitaskPromptTuning =>
            [.. PromptTuningFields, "num_ranks", "num_tasks", "prompt_tuning_init_state_dict_path", "prompt_tuning_init_task"],
        PromptMethod.Cartridge => ["num_frozen_tokens"],
    };
}
