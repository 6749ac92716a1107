using System.Text;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats;
using SoftPromptGrpc.ModelFormats.Checkpoints;
using SoftPromptGrpc.ModelFormats.Families;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.Fuzzing.Targets;

/// <summary>config.json: made a spec, and bound to the tensors of the checkpoint that it came with.</summary>
internal sealed class ConfigTarget : IFuzzTarget
{
    private static readonly string[] Models = ["gpt2", "llama", "gpt_neox", "gemma2", "bloom", "phi3", "t5_v1_0", "bart"];

    /// <summary>Opened late: code that is instrumented may run only inside of <see cref="Read"/>.</summary>
    private readonly Lazy<Dictionary<string, SafetensorsCheckpoint>> _checkpoints = new(
        () => Models.ToDictionary(model => model, model => SafetensorsCheckpoint.Open(Goldens.Directory($"models/{model}"))));

    public string Name => "config";

    public IReadOnlyList<byte[]> Seeds { get; } = [.. Models.Select(model => File.ReadAllBytes(Goldens.File($"models/{model}/config.json")))];

    public IReadOnlyList<byte[]> Tokens { get; } =
    [
        .. new[]
        {
            "null", "true", "0", "-1", "2147483648", "1e308", "\"\"", "[]", "{}", "\"rope_scaling\":", "\"model_type\":\"llama\"",
            "{\"rope_type\":\"linear\",\"factor\":4}", "\"num_hidden_layers\":", "\"hidden_size\":", "\"head_dim\":",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public bool Read(byte[] bytes) => Refusal.OrSuccess(bytes.Length, () =>
    {
        using var json = BoundedJson.Parse(bytes, "config.json");
        var config = new ConfigReader(json.RootElement);
        var family = ModelFamilies.Of(config);
        var spec = family.ReadSpec(config);
        _ = new CheckpointWeights(_checkpoints.Value.GetValueOrDefault(spec.ModelType) ?? _checkpoints.Value[Models[0]], family, spec);
    });
}
