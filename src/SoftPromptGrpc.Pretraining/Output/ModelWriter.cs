using System.Text.Json.Nodes;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats.Safetensors;
using SoftPromptGrpc.Pretraining.Tokenizer;

namespace SoftPromptGrpc.Pretraining.Output;

/// <summary>config.json, generation_config.json and model.safetensors (float16) of a LlamaForCausalLM.</summary>
internal static class ModelWriter
{
    public static void Write(DecoderWeights weights, string directory)
    {
        File.WriteAllText(Path.Combine(directory, "config.json"), Config(weights.Spec).ToJsonString(TokenizerWriter.Indented) + "\n");
        var generation = new JsonObject
        {
            ["bos_token_id"] = BpeVocabulary.EndOfText,
            ["eos_token_id"] = BpeVocabulary.EndOfText,
            ["pad_token_id"] = BpeVocabulary.Padding,
        };
        File.WriteAllText(Path.Combine(directory, "generation_config.json"), generation.ToJsonString(TokenizerWriter.Indented) + "\n");
        using var file = File.Create(Path.Combine(directory, "model.safetensors"));
        SafetensorsWriter.Write(file, weights.Named.Select(w => new TensorToWrite(
            $"model.{w.Name}", [.. w.Tensor.shape.Select(s => (int)s)], w.Tensor.data<float>().ToArray(), Half: true)));
    }

    private static JsonObject Config(DecoderSpec spec) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["attention_bias"] = spec.AttentionBias,
        ["attention_dropout"] = 0.0,
        ["bos_token_id"] = BpeVocabulary.EndOfText,
        ["eos_token_id"] = BpeVocabulary.EndOfText,
        ["head_dim"] = spec.HeadSize,
        ["hidden_act"] = "silu",
        ["hidden_size"] = spec.HiddenSize,
        ["initializer_range"] = 0.02,
        ["intermediate_size"] = spec.MlpSize,
        ["max_position_embeddings"] = spec.ContextLength,
        ["mlp_bias"] = spec.MlpBias,
        ["model_type"] = spec.ModelType,
        ["num_attention_heads"] = spec.HeadCount,
        ["num_hidden_layers"] = spec.LayerCount,
        ["num_key_value_heads"] = spec.KeyValueHeadCount,
        ["pad_token_id"] = BpeVocabulary.Padding,
        ["pretraining_tp"] = 1,
        ["rms_norm_eps"] = spec.NormEpsilon,
        ["rope_scaling"] = null,
        ["rope_theta"] = spec.Rotary!.Base,
        ["tie_word_embeddings"] = spec.TiedHead,
        ["torch_dtype"] = "float16",
        ["transformers_version"] = "4.48.0",
        ["use_cache"] = true,
        ["vocab_size"] = spec.VocabularySize,
    };
}
