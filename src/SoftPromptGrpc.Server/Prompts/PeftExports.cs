using System.Globalization;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.ModelFormats.Adapters;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>A served prompt in the form that PEFT gives its method.</summary>
internal static class PeftExports
{
    /// <param name="trained">How it was trained; null where that is not known.</param>
    /// <param name="spec">The base model's; null where it is not configured any more.</param>
    public static PeftAdapter Of(
        PromptMethod method, ServedPrompt prompt, Wire.TrainingSpec? trained, ModelSpec? spec, string baseModelName)
    {
        var prefix = prompt as KeyValuePrefix;
        var config = new PeftPromptConfig(
            prompt.VirtualTokens,
            prefix is null ? ((SoftPrompt)prompt).HiddenSize : prefix.HeadCount * prefix.HeadSize,
            prefix?.LayerCount ?? spec?.LayerCount ?? 0,
            prefix?.HeadCount ?? spec?.HeadCount ?? 0,
            baseModelName)
        {
            Method = method,
            Fields = Fields(method, trained, baseModelName),
            TaskType = spec is EncoderDecoderSpec ? PeftPromptConfig.SequenceToSequence : PeftPromptConfig.CausalLanguageModel,
        };
        return new PeftAdapter(config, prefix is null ? prompt.Values.ToArray() : PrefixLayout.ToRows(prefix), SideFile: null);
    }

    /// <summary>A multitask prompt with all its tasks, not only the one that is served.</summary>
    public static PeftAdapter WithTasks(this PeftAdapter adapter, TrainablePrompt trained, Wire.MultitaskOptions options) => adapter with
    {
        Config = adapter.Config with
        {
            Fields = new Dictionary<string, string>(adapter.Config.Fields)
            {
                ["num_ranks"] = Json(options.Rank),
                ["num_tasks"] = Json(options.TaskCount),
            },
        },
        Values = trained["embedding.weight"].ToArray(),
        Tasks = new PeftTasks(
            options.TaskCount,
            options.Rank,
            trained[MultitaskPromptTuning.Columns].ToArray(),
            trained[MultitaskPromptTuning.Rows].ToArray()),
    };

    /// <summary>
    /// An encoder-decoder's prefix in the layout that PEFT deals to its layers: the rows as they were, where they are known.
    /// </summary>
    public static PeftAdapter WithDealtRows(this PeftAdapter adapter, KeyValuePrefix prefix, TrainablePrompt? trained) => adapter with
    {
        Config = adapter.Config with { IsDealt = true },
        Values = trained?.Tensors is [{ Name: "embedding.weight" } rows] && rows.Values.Length == prefix.Values.Length
            ? rows.Values
            : PrefixLayout.ToRows(PrefixLayout.Undealt(prefix)),
    };

    private static string Initialisation(Wire.TrainingSpec? trained, string? text) => trained?.Initialization?.KindCase switch
    {
        Wire.Initialization.KindOneofCase.Text when text is not null => "TEXT",
        Wire.Initialization.KindOneofCase.SampledVocabulary => "SAMPLE_VOCAB",
        _ => "RANDOM",
    };

    private static Dictionary<string, string> InitialisationFields(Wire.TrainingSpec? trained, string baseModelName)
    {
        var text = trained?.Initialization?.Text?.Text is { Length: > 0 } given ? given : null;
        return new()
        {
            ["prompt_tuning_init"] = PeftFields.Json(Initialisation(trained, text)),
            ["prompt_tuning_init_text"] = PeftFields.Json(text),
            ["tokenizer_kwargs"] = "null",
            ["tokenizer_name_or_path"] = PeftFields.Json(text is null ? null : baseModelName),
        };
    }

    /// <summary>The numbers are those that the encoder or projection made: PEFT's file never holds the network.</summary>
    private static Dictionary<string, string> Fields(PromptMethod method, Wire.TrainingSpec? trained, string baseModelName) => method switch
    {
        PromptMethod.PromptTuning or PromptMethod.MultitaskPromptTuning => InitialisationFields(trained, baseModelName),
        PromptMethod.PTuning => new()
        {
            ["encoder_dropout"] = "0.0",
            ["encoder_hidden_size"] = Json(trained?.PTuning?.EncoderHiddenSize),
            ["encoder_num_layers"] = Json(trained?.PTuning?.EncoderLayers ?? 2),
            ["encoder_reparameterization_type"] = trained?.PTuning?.Encoder == Wire.PromptEncoder.Lstm ? "\"LSTM\"" : "\"MLP\"",
        },
        PromptMethod.PrefixTuning => new()
        {
            ["encoder_hidden_size"] = Json(
                trained?.PrefixTuning is { HasEncoderHiddenSize: true } prefix ? prefix.EncoderHiddenSize : null),
            ["prefix_projection"] = trained?.PrefixTuning is { Projection: true } ? "true" : "false",
        },
        PromptMethod.Cartridge => new() { ["num_frozen_tokens"] = Json(trained?.Cartridge?.FrozenTokens ?? 0) },
    };

    private static string Json(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "null";
}
