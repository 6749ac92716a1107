using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>PEFT's names of the methods.</summary>
internal static class PeftTypes
{
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
}
