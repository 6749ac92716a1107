using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>A prompt-learning adapter of Hugging Face PEFT: what adapter_config.json and adapter_model.safetensors hold.</summary>
/// <param name="Values">[VirtualTokens, Width], row by row.</param>
/// <param name="SideFile">
/// Our own metadata beside PEFT's files, as JSON text; null where there is none. Anybody may have written it: not trusted.
/// </param>
public sealed record PeftAdapter(PeftPromptConfig Config, float[] Values, string? SideFile)
{
    /// <summary>Of multitask prompt tuning alone.</summary>
    public PeftTasks? Tasks { get; init; }

    /// <summary>The prompt or prefix that these numbers are.</summary>
    /// <param name="task">Of a multitask prompt; may be left out where there is only one.</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: there is no such task.</exception>
    public ServedPrompt ToPrompt(string modelFingerprint, int? task = null)
    {
        if (Config.Method.MakesPrefix())
        {
            var prefix = PrefixLayout.FromRows(
                Values, Config.VirtualTokens, Config.LayerCount, Config.HeadCount, Config.HiddenSize / Config.HeadCount, modelFingerprint);
            return Config.IsDealt ? PrefixLayout.Dealt(prefix) : prefix;
        }
        var values = Tasks?.Apply(Values, Config.VirtualTokens, Chosen(task, Tasks.Count)) ?? (float[])Values.Clone();
        return new SoftPrompt(Config.VirtualTokens, Config.HiddenSize, values, modelFingerprint);
    }

    private static int Chosen(int? task, int count) => task switch
    {
        null when count == 1 => 0,
        >= 0 when task < count => task.Value,
        null => throw new SoftPromptException(ErrorKind.Invalid, $"The adapter has {count} tasks: say which one is wanted."),
        _ => throw new SoftPromptException(ErrorKind.Invalid, $"The adapter has the tasks 0 to {count - 1}, not {task}."),
    };
}

/// <summary>The fields of adapter_config.json that mean something here.</summary>
/// <param name="HiddenSize">PEFT's token_dim: of a prefix, the width of one layer's keys.</param>
/// <param name="LayerCount">PEFT's num_layers; 0 where the file does not say.</param>
/// <param name="HeadCount">PEFT's num_attention_heads: of a prefix, the key/value heads; 0 where the file does not say.</param>
/// <param name="BaseModelName">Where the author had the model. Never opened, never fetched.</param>
public sealed record PeftPromptConfig(int VirtualTokens, int HiddenSize, int LayerCount, int HeadCount, string? BaseModelName)
{
    /// <summary>Of a decoder.</summary>
    public const string CausalLanguageModel = "CAUSAL_LM";

    /// <summary>
    /// Of an encoder-decoder, whose adapter may hold twice as many rows: PEFT puts the first half in front of the encoder's input.
    /// </summary>
    public const string SequenceToSequence = "SEQ_2_SEQ_LM";

    public string TaskType { get; init; } = CausalLanguageModel;

    public PromptMethod Method { get; init; } = PromptMethod.PromptTuning;

    /// <summary>
    /// Of an encoder-decoder's prefix: whether its layers take the rows' as in <see cref="PrefixLayout.DealtLayers"/>, which PEFT
    /// does where num_transformer_submodules is 2.
    /// </summary>
    public bool IsDealt { get; init; }

    /// <summary>
    /// What PEFT writes beside these (<see cref="PeftFields"/>), as JSON text by name: kept, not acted on, and written as it is, but for
    /// tokenizer_kwargs, which can make older versions of PEFT run code where they load it.
    /// </summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    /// <summary>Fields that no version of PEFT known here writes, as JSON text by name: kept, neither acted on nor written.</summary>
    public IReadOnlyDictionary<string, string> UnknownFields { get; init; } = new Dictionary<string, string>();

    /// <summary>Numbers of one row of the tensor.</summary>
    public int Width => Method.MakesPrefix() ? LayerCount * 2 * HiddenSize : HiddenSize;
}
