using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Server.Grpc;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <summary>What training.proto says of the methods' settings, as far as neither model nor data is needed to check it.</summary>
internal static class MethodRules
{
    private const int MostTasks = 1024;
    private const int MostRanks = 1024;
    private const int MostLayers = 16;
    private const int LargestEncoder = 65536;

    /// <summary>
    /// 128 MiB. A checkpoint holds them up to four times, with the best ones and the optimizer's moments: half of what a row of the store can.
    /// </summary>
    private const long MostNumbers = 1 << 25;

    /// <summary>Whether a learned network makes the prefix: it then has no text to begin with.</summary>
    public static bool HasProjection(Wire.TrainingSpec spec) =>
        spec is { Method: Wire.PromptMethod.PrefixTuning, PrefixTuning.Projection: true };

    /// <summary>
    /// Whether a text's tokens make a beginning: always of rows; of a prefix unless a projection makes it, or the keys and values of a
    /// text depend on an encoder's input. An unknown method, which <see cref="Check"/> refuses, is taken for rows.
    /// </summary>
    public static bool CanBeginWithText(Wire.TrainingSpec spec, ModelSpec model) =>
        !Enum.IsDefined(spec.Method) || !spec.Method.ToMethod().MakesPrefix() || (!HasProjection(spec) && model is DecoderSpec);

    /// <param name="spec">With defaults filled in.</param>
    public static void Check(Wire.TrainingSpec spec, Violations violations)
    {
        if (!violations.Require(Enum.IsDefined(spec.Method), "spec.method", "is no method"))
            return;
        var (field, method) = spec.MethodOptionsCase switch
        {
            Wire.TrainingSpec.MethodOptionsOneofCase.None => ("", spec.Method),
            Wire.TrainingSpec.MethodOptionsOneofCase.PTuning => ("p_tuning", Wire.PromptMethod.PTuning),
            Wire.TrainingSpec.MethodOptionsOneofCase.PrefixTuning => ("prefix_tuning", Wire.PromptMethod.PrefixTuning),
            Wire.TrainingSpec.MethodOptionsOneofCase.Multitask => ("multitask", Wire.PromptMethod.MultitaskPromptTuning),
            Wire.TrainingSpec.MethodOptionsOneofCase.Cartridge => ("cartridge", Wire.PromptMethod.Cartridge),
        };
        if (violations.Require(method == spec.Method, $"spec.{field}", "must fit the method"))
            CheckOptions(spec, violations);
        CheckInitialization(spec, violations);
        if (spec.Waywardness is { } waywardness)
        {
            violations.Require(spec.Method == Wire.PromptMethod.PromptTuning, "spec.waywardness", "is for PROMPT_TUNING only");
            violations.Require(
                double.IsFinite(waywardness.Gamma) && waywardness.Gamma >= 0, "spec.waywardness.gamma", "must be 0 or more");
        }
    }

    /// <param name="method">What the spec, which has no violation of other rules, asks for.</param>
    public static void CheckSize(Wire.TrainingSpec spec, TrainingMethod method, ModelSpec model, Violations violations)
    {
        var field = method switch
        {
            PTuning => "p_tuning.encoder_hidden_size",
            PrefixTuning { ProjectionSize: not null } => "prefix_tuning.encoder_hidden_size",
            MultitaskPromptTuning tasks when tasks.Rank > tasks.TaskCount => "multitask.rank",
            MultitaskPromptTuning => "multitask.task_count",
            _ => "virtual_tokens",
        };
        var numbers = method.CountNumbers(model, spec.VirtualTokens);
        violations.Require(
            numbers <= MostNumbers, $"spec.{field}", $"must be smaller: {numbers} numbers would be trained; at most {MostNumbers} are possible");
    }

    private static void CheckOptions(Wire.TrainingSpec spec, Violations violations)
    {
        switch (spec.MethodOptionsCase)
        {
            case Wire.TrainingSpec.MethodOptionsOneofCase.PTuning:
                violations.Require(Enum.IsDefined(spec.PTuning.Encoder), "spec.p_tuning.encoder", "is no encoder");
                if (spec.PTuning.HasEncoderHiddenSize)
                    Range("p_tuning.encoder_hidden_size", spec.PTuning.EncoderHiddenSize, 1, LargestEncoder);
                Range("p_tuning.encoder_layers", spec.PTuning.EncoderLayers, 1, MostLayers);
                break;
            case Wire.TrainingSpec.MethodOptionsOneofCase.PrefixTuning:
                if (spec.PrefixTuning.HasEncoderHiddenSize)
                    Range("prefix_tuning.encoder_hidden_size", spec.PrefixTuning.EncoderHiddenSize, 1, LargestEncoder);
                break;
            case Wire.TrainingSpec.MethodOptionsOneofCase.Multitask:
                Range("multitask.task_count", spec.Multitask.TaskCount, 1, MostTasks);
                Range("multitask.task", spec.Multitask.Task, 0, Math.Max(0, spec.Multitask.TaskCount - 1));
                Range("multitask.rank", spec.Multitask.Rank, 1, MostRanks);
                break;
            case Wire.TrainingSpec.MethodOptionsOneofCase.Cartridge:
                Range("cartridge.frozen_tokens", spec.Cartridge.FrozenTokens, 0, Math.Max(0, spec.VirtualTokens - 1));
                break;
        }

        void Range(string field, int value, int least, int most) =>
            violations.Require(value >= least && value <= most, $"spec.{field}", $"must be between {least} and {most}, not {value}");
    }

    private static void CheckInitialization(Wire.TrainingSpec spec, Violations violations)
    {
        const string Field = "spec.initialization";
        var kind = spec.Initialization.KindCase;
        var makesPrefix = spec.Method.ToMethod().MakesPrefix();
        violations.Require(
            makesPrefix || kind != Wire.Initialization.KindOneofCase.Zeros, $"{Field}.zeros", "is for prefixes only");
        violations.Require(
            !makesPrefix || kind != Wire.Initialization.KindOneofCase.ClassLabels, $"{Field}.class_labels", "is not for prefixes");
        violations.Require(
            !HasProjection(spec) || kind is not (Wire.Initialization.KindOneofCase.Text or Wire.Initialization.KindOneofCase.SampledVocabulary),
            Field, "must be random_uniform, zeros or from_prompt where a projection makes the prefix");
    }
}
