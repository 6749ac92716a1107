using System.Text.Json;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>A training run of PEFT: 60 steps of 4 examples, in order.</summary>
public sealed class GoldenRun
{
    private const string EncoderDecoder = "t5_v1_0";

    /// <summary>
    /// Runs of T5 in which an input of a ReLU comes within 3e-7 of 0, in the 18th and in the second step. Rounding decides on which side
    /// it falls, the ReLU's derivative jumps there, and from that step on there are two runs, 7e-4 and 6e-3 apart in the loss. PEFT's
    /// own float32 and float64 are on different sides in the latter.
    /// </summary>
    private static readonly string[] ForkedRuns =
        ["prompt_tuning_random.adamw_linear_warmup", "prompt_tuning_text_long.adamw_linear_warmup"];

    private static readonly string[] Models = ["gpt2", "llama", EncoderDecoder];

    private static readonly string[] Runs =
    [
        "prompt_tuning_random.adafactor_const", "prompt_tuning_random.adamw_const", "prompt_tuning_random.adamw_linear_warmup",
        "prompt_tuning_random.adamw_wd_clip_cosine", "prompt_tuning_random.sgd_momentum",
        "prompt_tuning_text_long.adamw_linear_warmup", "p_tuning_mlp.adamw_const_lr0.01", "p_tuning_lstm.adamw_const_lr0.01", "prefix_tuning.adamw_const_lr0.01", "prefix_tuning_projection.adamw_const_lr0.01",
    ];

    private static readonly int[] EarlySteps = [1, 2, 10];

    private readonly string _adapter;
    private readonly JsonElement _json;
    private readonly GoldenTensors _tensors;

    public GoldenRun(string model, string run)
    {
        _adapter = run.Split('.')[0];
        _json = Goldens.Json($"training/{model}/{run}.json");
        _tensors = Goldens.Tensors($"training/{model}/{run}.safetensors");
    }

    /// <summary>Those that rounding does not lead elsewhere.</summary>
    public static TheoryData<string, string> Steady => new(
        from model in Models
        from run in Runs
        where model != EncoderDecoder || !ForkedRuns.Contains(run)
        select (model, run));

    public static TheoryData<string, string> Forked => new(ForkedRuns.Select(run => (EncoderDecoder, run)));

    public static double LossTolerance => 1e-4;

    public static double PromptTolerance => 1e-3;

    public double[] Losses => Numbers("loss");

    public double[] GradientNorms => Numbers("grad_norm_before_clip");

    public double[] LearningRates => Numbers("lr");

    /// <summary>The loss of each batch after the last step.</summary>
    public double[] FinalLosses => Numbers("eval_loss_after_per_batch");

    /// <summary>What is served of what PEFT saves.</summary>
    public float[] FinalPrompt => Used("final_saved_prompt_embeddings", PeftGoldens.VirtualTokens);

    public float[] Final(TrainableTensor tensor) => _tensors[$"final.{tensor.Name}"][..tensor.Values.Length];

    public double FinalTolerance => _adapter == "p_tuning_lstm" ? 2e-3 : PromptTolerance;

    private TrainingMethod Method => PeftMethods.Of(_adapter);

    public TrainingPlan Plan(BaseModel model)
    {
        var settings = _json.GetProperty("settings");
        return new TrainingPlan
        {
            Model = model,
            Method = Method,
            Initial = Initial(model),
            Examples = [.. _json.GetProperty("data").EnumerateArray().Select(Example)],
            Evaluation = new EvaluationSettings(1000, Patience: null, Labels: []),
            Optimizer = Optimizer(settings),
            Schedule = new ScheduleSettings(Schedule(settings), settings.TryGetProperty("warmup", out var steps) ? steps.GetInt32() : 0),
            Steps = _json.GetProperty("steps").GetInt32(),
            BatchSize = _json.GetProperty("batch").GetInt32(),
            ClipNorm = settings.TryGetProperty("clip", out var clip) && clip.ValueKind == JsonValueKind.Number ? clip.GetDouble() : null,
            Shuffle = false,
            Seed = 0,
            CheckpointInterval = 1,
        };
    }

    public IReadOnlyList<(int Step, float[] Prompt)> EarlyPrompts =>
        Method is PromptTuning ? [.. EarlySteps.Select(step => (step, Used($"after_step_{step}.embedding.weight", PeftGoldens.VirtualTokens)))] : [];

    private TrainablePrompt Initial(BaseModel model) => new(
        PeftGoldens.VirtualTokens,
        Method.Tensors(model.Spec, PeftGoldens.VirtualTokens).Select(slot => new TrainableTensor(slot.Name, _tensors[$"initial.{slot.Name}"][..slot.Length])),
        model.Fingerprint);

    /// <summary>For an encoder-decoder PEFT has rows for both halves, and uses the first ones only.</summary>
    private float[] Used(string tensor, int rows) => _tensors[tensor][..(rows * _tensors[tensor].Length / _tensors.Shape(tensor)[0])];

    private static OptimizerSettings Optimizer(JsonElement settings)
    {
        var kind = settings.GetProperty("opt").GetString() switch
        {
            "adamw" => OptimizerKind.AdamW,
            "adafactor" => OptimizerKind.Adafactor,
            "sgd" => OptimizerKind.Sgd,
            var other => throw new NotSupportedException($"The golden run's optimizer is '{other}'."),
        };
        return new OptimizerSettings(kind, settings.GetProperty("lr").GetDouble(), settings.GetProperty("wd").GetDouble());
    }

    private static ScheduleKind Schedule(JsonElement settings) =>
        (settings.TryGetProperty("sched", out var schedule) ? schedule.GetString() : null) switch
        {
            null or "const" or "constant" => ScheduleKind.Constant,
            "linear" => ScheduleKind.Linear,
            "cosine" => ScheduleKind.Cosine,
            var other => throw new NotSupportedException($"The golden run's schedule is '{other}'."),
        };

    private static TrainingExample Example(JsonElement json) => new(Ids(json.GetProperty("source")), Ids(json.GetProperty("target")));

    private static int[] Ids(JsonElement json) => [.. json.EnumerateArray().Select(id => id.GetInt32())];

    private double[] Numbers(string name) => [.. _json.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];
}
