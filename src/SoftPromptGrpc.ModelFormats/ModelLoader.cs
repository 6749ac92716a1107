using System.Text.Json;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats.Checkpoints;
using SoftPromptGrpc.ModelFormats.Families;
using SoftPromptGrpc.ModelFormats.Safetensors;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats;

/// <summary>Opens a Hugging Face checkpoint directory: config.json, generation_config.json, safetensors weights, tokenizer.json.</summary>
public static class ModelLoader
{
    /// <param name="id">The name that configuration and requests use.</param>
    /// <param name="fingerprintCache">A directory for remembered fingerprints; null: read and hash all weights each time.</param>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.Corrupt"/>, or <see cref="ErrorKind.Unsupported"/> naming the setting.
    /// </exception>
    public static BaseModel Load(string id, string directory, string? fingerprintCache = null)
    {
        using var json = ReadConfig(directory);
        var config = new ConfigReader(json.RootElement);
        var (family, spec) = ReadSpec(config);
        var generation = ReadGeneration(directory, config);
        var tokenizer = HfTokenizer.Load(directory);
        var weights = OpenWeights(directory, family, spec);
        try
        {
            var fingerprint = new FingerprintCache(fingerprintCache).GetOrCompute(
                directory, weights.FileNames, Fingerprint.Describe(spec), () => Fingerprint.Of(spec, weights.Tensors));
            var parameters = weights.Tensors.Sum(t => t.Shape.Aggregate(1L, (count, size) => count * size));
            return new BaseModel(id, fingerprint, spec, weights, tokenizer, generation, parameters);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    internal static JsonDocument ReadConfig(string directory)
    {
        var path = Path.Combine(directory, "config.json");
        return File.Exists(path)
            ? BoundedJson.ReadFile(path)
            : throw new SoftPromptException(ErrorKind.NotFound, "The checkpoint has no config.json.");
    }

    internal static (IFamily Family, ModelSpec Spec) ReadSpec(ConfigReader config)
    {
        if (config.Object("quantization_config") is not null)
            throw config.Unsupported("quantization_config", "quantized weights");
        var family = ModelFamilies.Of(config);
        return (family, family.ReadSpec(config));
    }

    internal static CheckpointWeights OpenWeights(string directory, IFamily family, ModelSpec spec)
    {
        var checkpoint = SafetensorsCheckpoint.Open(directory);
        try
        {
            return new CheckpointWeights(checkpoint, family, spec);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>generation_config.json, and what it leaves open from config.json.</summary>
    internal static GenerationDefaults ReadGeneration(string directory, ConfigReader config)
    {
        var path = Path.Combine(directory, "generation_config.json");
        using var json = File.Exists(path) ? BoundedJson.ReadFile(path) : null;
        var generation = json is null ? config : new ConfigReader(json.RootElement);
        return new GenerationDefaults(
            First("bos_token_id"), Ids("eos_token_id") ?? [], First("pad_token_id"),
            generation.TokenIds("forced_bos_token_id") is [var first, ..] ? first : null,
            generation.TokenIds("forced_eos_token_id") is [_, ..]);

        IReadOnlyList<int>? Ids(string key) => generation.TokenIds(key) ?? config.TokenIds(key);

        int? First(string key) => Ids(key) is [var id, ..] ? id : null;
    }
}
