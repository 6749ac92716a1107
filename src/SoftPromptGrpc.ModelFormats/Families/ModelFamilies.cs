using System.Collections.Frozen;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Every family that is known, by its <c>model_type</c>.</summary>
internal static class ModelFamilies
{
    private static readonly FrozenDictionary<string, IFamily> All =
        new IFamily[]
        {
            new Bart(), new Bloom(), new Falcon(), new Gemma(), new Gemma2(), new Gemma3Text(), new Gpt2(), new GptJ(), new GptNeo(),
            new GptNeoX(), new Llama(), new Mistral(), new Mpt(), new Olmo2(), new Opt(), new Phi(), new Phi3(), new Qwen2(),
            new Qwen3(), new SmolLm3(), new Starcoder2(), new T5(),
        }.ToFrozenDictionary(f => f.ModelType, StringComparer.Ordinal);

    public static IFamily Of(ConfigReader config)
    {
        var type = config.Text("model_type") ?? throw config.Missing("model_type");
        return All.TryGetValue(type, out var family) ? family : throw new SoftPromptException(
            ErrorKind.Unsupported,
            $"The model type '{Quoted.Text(type)}' is not supported; there is {string.Join(", ", All.Keys.Order(StringComparer.Ordinal))}.");
    }
}
