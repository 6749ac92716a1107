using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>Every method with small settings, on <see cref="TinyTask"/>.</summary>
public static class TinyMethods
{
    private static readonly Dictionary<string, TrainingMethod> Methods = new()
    {
        ["prompt_tuning"] = new PromptTuning(),
        ["waywardness"] = new PromptTuning(new Waywardness([8, 9], Gamma: 0.1)),
        ["p_tuning_mlp"] = new PTuning(PromptEncoderKind.Mlp, 6),
        ["p_tuning_lstm"] = new PTuning(PromptEncoderKind.Lstm, 5),
        ["prefix_tuning"] = new PrefixTuning(),
        ["prefix_tuning_projection"] = new PrefixTuning(6),
        ["multitask"] = new MultitaskPromptTuning(2, Task: 1, Rank: 2),
        ["cartridge"] = new Cartridge(),
    };

    public static TheoryData<string> All => [.. Methods.Keys];

    public static TheoryData<string> Prefixes => ["prefix_tuning", "cartridge"];

    public static TrainingMethod Of(string name) => Methods[name];

    /// <summary>The plan with another method, begun as that method begins.</summary>
    public static TrainingPlan With(this TrainingPlan plan, string name)
    {
        var method = Of(name);
        var initializer = new TrainableInitializer(plan.Model, TinyTask.VirtualTokens, seed: 4);
        return plan with
        {
            Method = method,
            Initial = method is PrefixTuning or Cartridge
                ? initializer.RandomPrefix(method)
                : initializer.FromRows(method, new PromptInitializer(plan.Model, TinyTask.VirtualTokens, seed: 3).RandomUniform()),
            Examples = name == "multitask" ? [.. plan.Examples.Select((e, i) => e with { Task = i % 2 })] : plan.Examples,
        };
    }
}
