using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.EndToEnd.Tests.Models;

/// <summary>The methods that a prompt can be trained by, each with what it needs to learn within a few steps.</summary>
internal static class TrainedMethods
{
    private static readonly (string Name, double LearningRate, Action<TrainingSpec> Ask)[] All =
    [
        ("prompt tuning", 0.1, spec => spec.Method = PromptMethod.PromptTuning),
        ("P-tuning (MLP)", 0.01, spec => PTuning(spec, PromptEncoder.Mlp)),
        ("P-tuning (LSTM)", 0.01, spec => PTuning(spec, PromptEncoder.Lstm)),
        ("prefix tuning", 0.1, spec => (spec.Method, spec.PrefixTuning) = (PromptMethod.PrefixTuning, new())),
        ("prefix tuning, projected", 0.01, spec => (spec.Method, spec.PrefixTuning) =
            (PromptMethod.PrefixTuning, new() { Projection = true, EncoderHiddenSize = 32 })),
        ("multitask prompt tuning", 0.1, spec => (spec.Method, spec.Multitask) =
            (PromptMethod.MultitaskPromptTuning, new() { TaskCount = 2, Task = 1 })),
        ("cartridge", 0.1, spec => (spec.Method, spec.Cartridge) = (PromptMethod.Cartridge, new())),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(method => method.Name)];

    public static void Set(TrainingSpec spec, string name)
    {
        var (_, rate, ask) = All.Single(method => method.Name == name);
        spec.Optimizer = new() { LearningRate = rate };
        ask(spec);
    }

    private static void PTuning(TrainingSpec spec, PromptEncoder encoder) => (spec.Method, spec.PTuning) =
        (PromptMethod.PTuning, new() { Encoder = encoder, EncoderHiddenSize = 32 });
}
