using System.Globalization;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
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
        var text = trained?.Initialization?.Text?.Text is { Length: > 0 } given ? given : null;
        var config = new PeftPromptConfig(
            prompt.VirtualTokens,
            prefix is null ? ((SoftPrompt)prompt).HiddenSize : prefix.HeadCount * prefix.HeadSize,
            prefix?.LayerCount ?? spec?.LayerCount ?? 0,
            prefix?.HeadCount ?? spec?.HeadCount ?? 0,
            baseModelName,
            Initialisation(trained, text),
            text,
            UnknownFields: new Dictionary<string, string>())
        {
            Method = method,
            MethodFields = Fields(method, trained),
            TaskType = spec is EncoderDecoderSpec ? PeftPromptConfig.SequenceToSequence : PeftPromptConfig.CausalLanguageModel,
        };
        return new PeftAdapter(config, prefix is null ? prompt.Values.ToArray() : PrefixLayout.ToRows(prefix), SideFile: null)
        {
            Tasks = method == PromptMethod.MultitaskPromptTuning ? One(config) : null,
        };
    }

    private static string Initialisation(Wire.TrainingSpec? trained, string? text) => trained?.Initialization?.KindCase switch
    {
        Wire.Initialization.KindOneofCase.Text when text is not null => "TEXT",
        Wire.Initialization.KindOneofCase.SampledVocabulary => "SAMPLE_VOCAB",
        _ => "RANDOM",
    };

    /// <summary>
    /// The numbers are those that the encoder or projection made: PEFT's file never holds the network. A multitask prompt is that of its
    /// task alone, times 1.
    /// </summary>
    private static Dictionary<string, string> Fields(PromptMethod method, Wire.TrainingSpec? trained) => method switch
    {
        PromptMethod.PromptTuning => [],
        PromptMethod.PTuning => new()
        {
            ["encoder_dropout"] = "0.0",
            ["encoder_hidden_size"] = Json(trained?.PTuning?.EncoderHiddenSize),
            ["encoder_num_layers"] = Json(trained?.PTuning?.EncoderLayers ?? 2),
            ["encoder_reparameterization_type"] = trained?.PTuning?.Encoder == Wire.PromptEncoder.Lstm ? "\"LSTM\"" : "\"MLP\"",
        },
        PromptMethod.PrefixTuning => new()
        {
            ["encoder_hidden_size"] = Json(trained?.PrefixTuning is { HasEncoderHiddenSize: true } prefix ? prefix.EncoderHiddenSize : null),
            ["prefix_projection"] = trained?.PrefixTuning is { Projection: true } ? "true" : "false",
        },
        PromptMethod.MultitaskPromptTuning => new() { ["num_ranks"] = "1", ["num_tasks"] = "1", ["prompt_tuning_init"] = "\"RANDOM\"" },
        PromptMethod.Cartridge => new() { ["num_frozen_tokens"] = Json(trained?.Cartridge?.FrozenTokens ?? 0) },
    };

    private static PeftTasks One(PeftPromptConfig config) =>
        new(1, 1, [.. Enumerable.Repeat(1f, config.VirtualTokens)], [.. Enumerable.Repeat(1f, config.HiddenSize)]);

    private static string Json(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "null";
}
