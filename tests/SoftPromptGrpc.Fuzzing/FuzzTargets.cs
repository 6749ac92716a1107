using SoftPromptGrpc.Fuzzing.Targets;

namespace SoftPromptGrpc.Fuzzing;

public static class FuzzTargets
{
    private static readonly Dictionary<string, Func<IFuzzTarget>> Known = new(StringComparer.Ordinal)
    {
        ["safetensors"] = () => new SafetensorsTarget(),
        ["adapter"] = () => new AdapterTarget(),
        ["npy"] = () => new NpyTarget(),
        ["tokenizer"] = () => new TokenizerTarget(),
        ["config"] = () => new ConfigTarget(),
        ["dataset"] = () => new DatasetTarget(),
        ["requests"] = () => new RequestsTarget(),
    };

    public static IReadOnlyCollection<string> Names => Known.Keys;

    public static IFuzzTarget Create(string name) => Known[name]();
}
