namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>A prompt-tuning adapter of Hugging Face PEFT: what adapter_config.json and adapter_model.safetensors hold.</summary>
/// <param name="Values">[VirtualTokens, HiddenSize], row by row.</param>
/// <param name="SideFile">
/// Our own metadata beside PEFT's files, as JSON text; null where there is none. Anybody may have written it: not trusted.
/// </param>
public sealed record PeftAdapter(PeftPromptConfig Config, float[] Values, string? SideFile);

/// <summary>The fields of adapter_config.json that mean something here.</summary>
/// <param name="HiddenSize">PEFT's token_dim.</param>
/// <param name="LayerCount">PEFT's num_layers; 0 where the file does not say.</param>
/// <param name="HeadCount">PEFT's num_attention_heads; 0 where the file does not say.</param>
/// <param name="BaseModelName">Where the author had the model. Never opened, never fetched.</param>
/// <param name="Initialisation">"TEXT", "SAMPLE_VOCAB" or "RANDOM".</param>
/// <param name="UnknownFields">Fields that this version does not know, as JSON text by name: kept, not acted on.</param>
/// <param name="PeftVersion">
/// That saved it, where it says so. Null writes the older form of the file, which every version reads: without this and modules_to_save.
/// </param>
public sealed record PeftPromptConfig(
    int VirtualTokens,
    int HiddenSize,
    int LayerCount,
    int HeadCount,
    string? BaseModelName,
    string Initialisation,
    string? InitialisationText,
    IReadOnlyDictionary<string, string> UnknownFields,
    string? PeftVersion = null)
{
    /// <summary>Of a decoder.</summary>
    public const string CausalLanguageModel = "CAUSAL_LM";

    /// <summary>Of an encoder-decoder, whose adapter may hold twice as many rows: PEFT puts the first half in front of the encoder's input.</summary>
    public const string SequenceToSequence = "SEQ_2_SEQ_LM";

    public string TaskType { get; init; } = CausalLanguageModel;
}
