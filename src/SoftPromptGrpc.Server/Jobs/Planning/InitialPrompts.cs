using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <param name="Tensors">Fit the method.</param>
/// <param name="Text">As <see cref="TrainingPlan.InitialText"/>.</param>
internal sealed record InitialTensors(TrainablePrompt Tensors, int[]? Text = null);

/// <summary>What is trained, before the first step, in the ways of the contract's Initialization.</summary>
internal sealed class InitialPrompts(IPromptStore prompts)
{
    private const string Field = "spec.initialization";

    /// <summary>Checks the request and pins the prompt to begin from to its version.</summary>
    /// <returns>Makes the tensors; to be called only if there was no violation.</returns>
    public async Task<Func<InitialTensors>> PrepareAsync(
        Wire.TrainingSpec spec, BaseModel model, TrainingMethod method, ContentEncoder encoder, PlannedData data, Violations violations,
        CancellationToken cancellationToken)
    {
        PromptInitializer Begin() => new(model, spec.VirtualTokens, spec.Seed);
        TrainableInitializer Tensors() => new(model, spec.VirtualTokens, spec.Seed);
        InitialTensors FromRows(SoftPrompt rows) => new(Tensors().FromRows(method, rows));
        InitialTensors FromText(int[] tokens) => new(Tensors().ZeroPrefix(method), tokens);
        bool IsSpecial(int id) => model.Tokenizer?.IsSpecial(id) ?? false;
        var (initialization, makesPrefix) = (spec.Initialization, method.Kind.MakesPrefix());
        violations.Require( // Of a projection, the method's rules have said it.
            MethodRules.HasProjection(spec) || MethodRules.CanBeginWithText(spec, model.Spec)
                || initialization.KindCase
                    is not (Wire.Initialization.KindOneofCase.Text or Wire.Initialization.KindOneofCase.SampledVocabulary),
            Field, "must be random_uniform, zeros or from_prompt: a text has no keys and values of its own here");
        switch (initialization.KindCase)
        {
            case Wire.Initialization.KindOneofCase.Text:
                var text = encoder.NotEmpty(initialization.Text, $"{Field}.text");
                return () => makesPrefix ? FromText(text) : FromRows(Begin().FromText(text));
            case Wire.Initialization.KindOneofCase.ClassLabels:
                var labels = ClassLabels(initialization.ClassLabels, encoder, data);
                return () => FromRows(Begin().ClassLabels(labels, IsSpecial));
            case Wire.Initialization.KindOneofCase.RandomUniform:
                return () => makesPrefix ? new(Tensors().RandomPrefix(method)) : FromRows(Begin().RandomUniform());
            case Wire.Initialization.KindOneofCase.Zeros:
                return () => new(Tensors().ZeroPrefix(method));
            case Wire.Initialization.KindOneofCase.FromPrompt:
                var found = await FindAsync(spec, model, method, violations, cancellationToken);
                return () => new(found!);
            case Wire.Initialization.KindOneofCase.SampledVocabulary:
                return () => makesPrefix
                    ? FromText(Begin().SampledTokens(IsSpecial))
                    : FromRows(Begin().SampledVocabulary(IsSpecial));
            default:
                throw new ArgumentOutOfRangeException(nameof(spec), initialization.KindCase, null);
        }
    }

    /// <summary>Without the end of sequence: it says nothing about a label.</summary>
    private static int[][] ClassLabels(Wire.ClassLabels requested, ContentEncoder encoder, PlannedData data)
    {
        if (requested.Labels.Count > 0)
            return [.. requested.Labels.Select((label, i) => encoder.NotEmpty(label, $"{Field}.class_labels.labels[{i}]"))];
        return [.. data.All.Select(e => e.Source.Target).Distinct().Select(target => encoder.NotEmpty(target, $"{Field}.class_labels"))];
    }

    /// <returns>Null after a violation.</returns>
    private async Task<TrainablePrompt?> FindAsync(
        Wire.TrainingSpec spec, BaseModel model, TrainingMethod method, Violations violations, CancellationToken cancellationToken)
    {
        const string From = $"{Field}.from_prompt";
        var reference = PromptReference.TryParse(spec.Initialization.FromPrompt);
        if (!violations.Require(reference is not null, From, "must be \"name\", \"name@version\" or \"name@alias\"") || violations.Any)
            return null;
        var record = await prompts.FindAsync(reference!, cancellationToken);
        spec.Initialization.FromPrompt = record.Reference.ToString();
        ModelMatch.RequireFingerprint($"Prompt '{record.Reference}'", record.ModelFingerprint, model);
        if (!violations.Require(
            record.VirtualTokens == spec.VirtualTokens, From, $"has {record.VirtualTokens} virtual tokens, not {spec.VirtualTokens}"))
            return null;
        var found = await BeginAsync(record, spec, model, method, cancellationToken);
        violations.Require(found is not null, From, $"is of {record.Method.ToName()}: this method cannot go on from it");
        return found;
    }

    /// <summary>2 tasks of rank 3 are as many numbers as 3 tasks of rank 2.</summary>
    private static bool HasTasks(PromptRecord record, Wire.TrainingSpec spec) => spec.Multitask is not { } tasks
        || (Lineages.MultitaskOf(Lineages.Read(record.Lineage)) is { } known
            && (known.TaskCount, known.Rank) == (tasks.TaskCount, tasks.Rank));

    /// <summary>
    /// Everything that the prompt was made of where the method is the same; otherwise what the method makes of its numbers.
    /// </summary>
    private async Task<TrainablePrompt?> BeginAsync(
        PromptRecord record, Wire.TrainingSpec spec, BaseModel model, TrainingMethod method, CancellationToken cancellationToken)
    {
        if (await prompts.LoadTrainableAsync(record, cancellationToken) is { } trained
            && trained.Fits(method.Tensors(model.Spec, spec.VirtualTokens)) && HasTasks(record, spec))
            return trained;
        var initializer = new TrainableInitializer(model, spec.VirtualTokens, spec.Seed);
        return (method.Kind.MakesPrefix(), await prompts.LoadAsync(record, cancellationToken)) switch
        {
            (false, SoftPrompt rows) => initializer.FromRows(method, rows),
            (true, KeyValuePrefix prefix) when !MethodRules.HasProjection(spec) => initializer.FromPrefix(method, prefix),
            _ => null,
        };
    }
}
