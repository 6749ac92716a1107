using System.Text.Json;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Training;

/// <summary>One of PEFT's own training runs as a request: 60 steps over 16 examples, 4 a step, in order.</summary>
internal sealed record GoldenRun(TrainingSpec Spec, double[] Losses, float[] Initial, float[] Final)
{
    private const int VirtualTokens = 5;

    /// <param name="name">Such as "gpt2/prompt_tuning_random.adamw_const".</param>
    public static GoldenRun Of(string name)
    {
        var json = Goldens.Json($"training/{name}.json");
        var tensors = Goldens.Tensors($"training/{name}.safetensors");
        return new GoldenRun(
            Request(json), Numbers(json.GetProperty("loss")), Prompt("initial.embedding.weight"), Prompt("final.embedding.weight"));

        // An encoder-decoder's tensor has as many rows again, which PEFT never uses.
        float[] Prompt(string tensor) => tensors[tensor][..(VirtualTokens * tensors.Shape(tensor)[1])];
    }

    public static Content Ids(JsonElement ids)
    {
        var content = new Content { TokenIds = new TokenIds() };
        content.TokenIds.Ids.AddRange(ids.EnumerateArray().Select(id => id.GetUInt32()));
        return content;
    }

    public static double[] Numbers(JsonElement numbers) => [.. numbers.EnumerateArray().Select(number => number.GetDouble())];

    private static TrainingSpec Request(JsonElement json)
    {
        var settings = json.GetProperty("settings");
        var spec = new TrainingSpec
        {
            Model = json.GetProperty("model").GetString(),
            VirtualTokens = VirtualTokens,
            Examples = new InlineExamples(),
            AppendEndOfSequence = false,
            Optimizer = new Optimizer
            {
                Kind = Kind(settings.GetProperty("opt").GetString()!),
                LearningRate = settings.GetProperty("lr").GetDouble(),
                WeightDecay = settings.GetProperty("wd").GetDouble(),
            },
            Schedule = new Schedule { Kind = Schedule(Text(settings, "sched")), WarmUpSteps = (int)(Number(settings, "warmup") ?? 0) },
            Steps = json.GetProperty("steps").GetInt32(),
            BatchSize = json.GetProperty("batch").GetInt32(),
            MaxGradientNorm = Number(settings, "clip") ?? 0,
            Evaluation = new EvaluationOptions { SplitRatio = 0 },
            Shuffle = false,
        };
        spec.Examples.Examples.AddRange(json.GetProperty("data").EnumerateArray()
            .Select(row => new Example { Input = Ids(row.GetProperty("source")), Target = Ids(row.GetProperty("target")) }));
        return spec;
    }

    private static OptimizerKind Kind(string name) => name switch
    {
        "adamw" => OptimizerKind.Adamw,
        "adafactor" => OptimizerKind.Adafactor,
        "sgd" => OptimizerKind.Sgd,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static ScheduleKind Schedule(string? name) => name switch
    {
        null => ScheduleKind.Constant,
        "linear" => ScheduleKind.Linear,
        "cosine" => ScheduleKind.Cosine,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static double? Number(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetDouble() : null;
}
