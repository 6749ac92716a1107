using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats.Families;
using SoftPromptGrpc.ModelFormats.Safetensors;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats;

/// <summary>
/// Everything that can be said about a checkpoint directory without running it: where <see cref="ModelLoader"/> stops at the first
/// thing that it refuses, this goes on and collects them.
/// </summary>
public sealed class CheckpointInspection
{
    private static readonly string[] OptionalFiles = ["generation_config.json", "tokenizer.json", "tokenizer_config.json"];

    private readonly List<string> _refusals = [];

    private CheckpointInspection(string directory)
    {
        Missing = [.. OptionalFiles.Where(name => !File.Exists(Path.Combine(directory, name)))];
        using var json = Try(() => ModelLoader.ReadConfig(directory));
        var config = json is null ? null : new ConfigReader(json.RootElement);
        ModelType = config is null ? null : Try(() => config.Text("model_type"));
        var family = config is null ? null : Try(() => Architecture(config));
        Spec = family?.Spec;
        if (config is not null)
            Try(() => ModelLoader.ReadGeneration(directory, config));
        Tokenizer = Try(() => HfTokenizer.Load(directory));
        using var weights = Try(() => SafetensorsCheckpoint.Open(directory));
        StoredTypes = weights is null ? [] : Types(weights);
        if (weights is not null && family is not null)
            Try(() => Bind(directory, family));
    }

    public string? ModelType { get; }

    /// <summary>Null where config.json is refused.</summary>
    public ModelSpec? Spec { get; }

    public ITokenizer? Tokenizer { get; }

    /// <summary>The element types of the stored tensors with the bytes of each, the largest first.</summary>
    public IReadOnlyList<(string Type, long Bytes)> StoredTypes { get; }

    /// <summary>Files that a checkpoint may lack.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Why this is no model to serve; none: it loads.</summary>
    public IReadOnlyList<string> Refusals => _refusals;

    public static CheckpointInspection Of(string directory) => new(directory);

    private static List<(string Type, long Bytes)> Types(SafetensorsCheckpoint weights) => [.. weights.Tensors.Values
        .GroupBy(tensor => tensor.Entry.Type)
        .Select(same => (Type: same.Key, Bytes: same.Sum(tensor => tensor.Entry.ByteCount)))
        .OrderByDescending(type => type.Bytes)];

    private static FamilySpec Architecture(ConfigReader config)
    {
        var (family, spec) = ModelLoader.ReadSpec(config);
        return new FamilySpec(family, spec);
    }

    private static FamilySpec Bind(string directory, FamilySpec read)
    {
        ModelLoader.OpenWeights(directory, read.Family, read.Spec).Dispose();
        return read;
    }

    private T? Try<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (SoftPromptException refusal)
        {
            _refusals.Add(refusal.Message);
            return null;
        }
    }

    private sealed record FamilySpec(IFamily Family, ModelSpec Spec);
}
