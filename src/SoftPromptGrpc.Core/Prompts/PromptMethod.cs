namespace SoftPromptGrpc.Core.Prompts;

/// <summary>How a prompt is trained. The numbers are stored: they never change.</summary>
public enum PromptMethod
{
    /// <summary>Virtual tokens learned directly (Lester et al. 2021).</summary>
    PromptTuning = 0,

    /// <summary>Virtual tokens from a learned encoder (Liu et al. 2021).</summary>
    PTuning = 1,

    /// <summary>Keys and values in front of every layer's (Li and Liang 2021).</summary>
    PrefixTuning = 2,

    /// <summary>A shared prompt times a low-rank matrix per task (Wang et al. 2023).</summary>
    MultitaskPromptTuning = 3,

    /// <summary>A KV cache trained directly, begun from the cache of a text (Eyuboglu et al. 2025).</summary>
    Cartridge = 4,
}

public static class PromptMethods
{
    /// <summary>Whether it is served as a <see cref="KeyValuePrefix"/>, not as a <see cref="SoftPrompt"/>.</summary>
    public static bool MakesPrefix(this PromptMethod method) => method switch
    {
        PromptMethod.PromptTuning or PromptMethod.PTuning or PromptMethod.MultitaskPromptTuning => false,
        PromptMethod.PrefixTuning or PromptMethod.Cartridge => true,
    };
}
