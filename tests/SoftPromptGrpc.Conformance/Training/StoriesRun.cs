using System.Text.Json;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>PEFT's runs on a small real model: 16 sentences with two labels, 8 more held out.</summary>
public sealed class StoriesRun(string run)
{
    private static readonly JsonElement Json = Goldens.Json(Path.Combine(Goldens.Stories260K, "training.json"));

    public const string Steady = "prompt_tuning_lr0.03_linear_warmup6";

    public static BaseModel LoadModel() => ModelLoader.Load("stories260K", Goldens.Stories260K);

    public static double NoPromptAccuracy => Json.GetProperty("no_prompt").GetProperty("test_accuracy").GetDouble();

    public double[] Losses => Numbers("loss");

    public double[] GradientNorms => Numbers("grad_norm");

    public double TestAccuracy => Run.GetProperty("test_accuracy").GetDouble();

    public float[] Initial => Tensor("initial");

    public float[] Final => Tensor("final");

    private JsonElement Run => Json.GetProperty("runs").GetProperty(run);

    public static TrainingPlan Plan(BaseModel model) => new()
    {
        Model = model,
        Initial = new PromptInitializer(model, virtualTokens: 8, seed: 0).FromText([291, 280, 415, 290, 418, 410, 293, 393]),
        Examples = Examples("train"),
        EvaluationExamples = Examples("test"),
        Evaluation = new EvaluationSettings(60, Patience: null, Labels()),
        Optimizer = new OptimizerSettings(OptimizerKind.AdamW, 0.03),
        Schedule = new ScheduleSettings(ScheduleKind.Linear, WarmUpSteps: 6),
        Steps = 60,
        BatchSize = 4,
        Shuffle = false,
        Seed = 0,
        CheckpointInterval = 1000,
    };

    private static int[][] Labels() => [.. Examples("train").Select(e => e.Target).DistinctBy(target => string.Join(' ', target))];

    private static TrainingExample[] Examples(string part) => [.. Json.GetProperty(part).EnumerateArray().Select(Example)];

    private static TrainingExample Example(JsonElement json)
    {
        int[] ids = [.. json.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32())];
        var source = json.GetProperty("n_source").GetInt32();
        return new TrainingExample(ids[..source], ids[source..]);
    }

    private double[] Numbers(string name) => [.. Run.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    private float[] Tensor(string name) =>
        Goldens.Tensors(Path.Combine(Goldens.Stories260K, "training.safetensors"))[$"{run}.{name}.embedding.weight"];
}
