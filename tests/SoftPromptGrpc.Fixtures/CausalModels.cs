using System.Collections.Concurrent;
using Xunit;

namespace SoftPromptGrpc.Fixtures;

/// <summary>
/// The tiny decoder-only checkpoints by name, for theories:
/// [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))].
/// </summary>
public static class CausalModels
{
    /// <summary>Begins the names of a config.json that transformers 5 wrote for another model.</summary>
    private const string NewerConfig = "config_of_";

    private static readonly string[] Models =
    [
        "gpt2", "llama", "llama_tied_rope3", "llama_headdim_bias", "mistral", "mistral_sliding", "qwen2", "gpt_neox", "gpt_neox_seqres",
        "gpt_neo", "opt", "opt_postnorm_proj", "bloom", "bloom_6heads", "gptj", "phi", "phi3", "gemma", "gemma2",
        "falcon_7b_style", "falcon_40b_style", "falcon_rw_style", "mpt", "gemma3_text", "qwen3", "smollm3", "olmo2",
    ];

    /// <summary>Those made with transformers 5.</summary>
    private static readonly string[] Newer = ["gemma3_text", "qwen3", "smollm3", "olmo2"];

    /// <summary>Another form of the files of a model, and that model: the same fingerprint and the same figures.</summary>
    private static readonly Dictionary<string, string> SameModel = new()
    {
        ["gpt2_base_keys"] = "gpt2",
        ["bloom_base_keys"] = "bloom",
        ["gpt_neox_with_buffers"] = "gpt_neox",
        ["llama_sharded"] = "llama",
        ["config_of_gpt2"] = "gpt2",
        ["config_of_llama"] = "llama",
        ["config_of_llama_tied_rope3"] = "llama_tied_rope3",
    };

    private static readonly string[] FromMask = ["opt", "opt_postnorm_proj", "bloom", "bloom_6heads", "falcon_rw_style"];

    /// <summary>Those with a vector for each position, padding's too.</summary>
    private static readonly string[] Absolute = ["gpt2", "gpt_neo"];

    private static readonly Dictionary<string, string> Rounded = new() { ["gpt2_f16"] = "gpt2", ["llama_bf16"] = "llama" };

    private static readonly ConcurrentDictionary<string, Lazy<string>> Assembled = new();

    /// <summary>One of each architecture, with every figure of <see cref="CausalGoldens"/>.</summary>
    public static TheoryData<string> Complete => [.. Models];

    /// <summary>
    /// Those whose positions transformers counts from the mask: padding between prompt and text moves nothing, as if it were not there.
    /// </summary>
    public static TheoryData<string> PositionsFromMask => [.. FromMask];

    /// <summary>The same models in other files: other names, shards, buffers, the config.json of transformers 5.</summary>
    public static TheoryData<string> Variants => [.. SameModel.Keys];

    /// <summary>Weights in 16 bits: of <see cref="CausalGoldens"/> only the inputs and <see cref="CausalGoldens.Forward"/>.</summary>
    public static TheoryData<string> HalfPrecision => [.. Rounded.Keys];

    /// <summary>The name among <see cref="Complete"/> that a variant or rounded model is made from, or the name itself.</summary>
    public static string OriginalOf(string name) => SameModel.GetValueOrDefault(name) ?? Rounded.GetValueOrDefault(name) ?? name;

    /// <summary>Whether a model is one of <see cref="PositionsFromMask"/>.</summary>
    public static bool CountsFromMask(string name) => FromMask.Contains(OriginalOf(name));

    /// <summary>Whether a token behind nothing but padding is another than at the start. Elsewhere only distances count.</summary>
    public static bool MovesBehindPadding(string name) => Absolute.Contains(OriginalOf(name));

    public static bool IsHalfPrecision(string name) => Rounded.ContainsKey(name);

    public static string DirectoryOf(string name)
    {
        if (name.StartsWith(NewerConfig, StringComparison.Ordinal))
            return Assembled.GetOrAdd(name, n => new Lazy<string>(() => Assemble(n))).Value;
        return Goldens.Directory(GoldenFolderOf(name));
    }

    /// <summary>Of any of the names, among the goldens.</summary>
    public static string GoldenFolderOf(string name) => name.StartsWith(NewerConfig, StringComparison.Ordinal) ? $"models_v5/{name}"
        : OriginalOf(name) == name ? FolderOf(name)
        : $"variants/{name}";

    /// <summary>Of an original, among the goldens.</summary>
    public static string FolderOf(string name) => $"{(Newer.Contains(name) ? "models_v5" : "models")}/{name}";

    /// <summary>Puts a config.json of transformers 5 beside the weights of the original, until the process ends.</summary>
    private static string Assemble(string name)
    {
        var config = Goldens.File($"models_v5/{name}/config.json");
        var original = Goldens.Directory($"models/{OriginalOf(name)}");
        var directory = Directory.CreateTempSubdirectory("softprompt-fixture-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        File.Copy(config, Path.Combine(directory, "config.json"));
        foreach (var file in new[] { "generation_config.json", "model.safetensors" })
            File.Copy(Path.Combine(original, file), Path.Combine(directory, file));
        return directory;
    }
}
