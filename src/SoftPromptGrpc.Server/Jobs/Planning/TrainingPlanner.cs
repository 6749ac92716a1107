using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <param name="Spec">With defaults filled in, without examples.</param>
internal sealed record PlannedTraining(Wire.TrainingSpec Spec, TrainingPlan Plan, Wire.DatasetReport Report);

/// <summary>From what a client asks for to what a backend runs. The same spec gives the same plan.</summary>
internal sealed class TrainingPlanner(
    IModelCatalog models, InitialPrompts initialPrompts, RequestedData requestedData, BackendRegistry backends, IOptions<JobOptions> options)
{
    /// <inheritdoc cref="PlanAsync(Wire.TrainingSpec, TrainablePrompt?, CancellationToken)"/>
    public Task<PlannedTraining> PlanAsync(Wire.TrainingSpec requested, CancellationToken cancellationToken) =>
        PlanAsync(requested, null, cancellationToken);

    /// <param name="from">What a checkpoint kept, which takes the place of the initialization; null: the run is at its beginning.</param>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Invalid"/> with every violation; <see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.Precondition"/>:
    /// the model or the prompt to begin from; <see cref="ErrorKind.Unsupported"/>.
    /// </exception>
    public async Task<PlannedTraining> PlanAsync(Wire.TrainingSpec requested, TrainablePrompt? from, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var spec = SpecDefaults.Fill(requested, options.Value);
        SpecRules.Check(spec, violations);
        var examples = await requestedData.ReadAsync(requested, violations, cancellationToken);
        var model = await FindModelAsync(spec, violations, cancellationToken);
        SpecDefaults.FillFromModel(spec, model);
        RequireBackend(spec, model);
        if (from is not null)
            ModelMatch.RequireFingerprint("The job's checkpoint", from.ModelFingerprint, model);
        return await PlanAsync(spec, requested, examples, model, from, violations, cancellationToken);
    }

    private async Task<PlannedTraining> PlanAsync(
        Wire.TrainingSpec spec, Wire.TrainingSpec requested, RequestedExamples examples, BaseModel model, TrainablePrompt? from,
        Violations violations, CancellationToken cancellationToken)
    {
        var encoder = new ContentEncoder(model, Template(spec), EndOfSequence(spec, model, violations), violations);
        var planner = new DataPlanner(encoder, Room(spec, model, violations), isShared: model.Spec is DecoderSpec);
        var training = planner.Encode(examples.Training, examples.TrainingField);
        var evaluation = planner.Encode(examples.Evaluation, examples.EvaluationField);
        SpecDefaults.FillSplit(spec, training.Count, evaluation.Count > 0);
        var data = planner.Split(spec, training, evaluation);
        var textPrompt = TextPrompt(spec, encoder, data, model);
        var method = TrainingMethods.Of(spec, encoder);
        var initialize = from is not null
            ? () => new InitialTensors(from)
            : await initialPrompts.PrepareAsync(spec, model, method, encoder, data, violations, cancellationToken);
        encoder.ReportTheRest();
        violations.ThrowIfAny();
        SpecDefaults.FillLength(spec, data.Training.Count);
        CheckLength(spec, data.Training.Count, violations);
        MethodRules.CheckSize(spec, method, model.Spec, violations);
        violations.ThrowIfAny();
        var (plan, report) = (TrainingPlans.Of(spec, model, method, initialize(), data, textPrompt), DatasetReports.Of(data));
        report.EstimatedPeakBytes = backends.Training(spec.Backend).EstimatePeakBytes(model, plan.LargestBatch());
        return new PlannedTraining(spec, plan, report);
    }

    private async Task<BaseModel> FindModelAsync(Wire.TrainingSpec spec, Violations violations, CancellationToken cancellationToken)
    {
        if (spec.Model.Length == 0)
            violations.Require(models.Models.Count == 1, "spec.model", $"must be given: there are {models.Models.Count} models");
        var ready = models.Models.Any(m => m.State == ModelState.Ready && (m.Id == spec.Model || models.Models.Count == 1));
        if (!ready || spec.Model.Length == 0)
            violations.ThrowIfAny();
        return await models.GetAsync(spec.Model, cancellationToken);
    }

    private void RequireBackend(Wire.TrainingSpec spec, BaseModel model)
    {
        if (!backends.Training(spec.Backend).Supports(model.Spec))
        {
            throw new SoftPromptException(
                ErrorKind.Unsupported, $"The training backend '{spec.Backend}' does not implement {model.Spec.ModelType}.");
        }
    }

    /// <summary>None where the spec's is a violation.</summary>
    private static TextTemplate Template(Wire.TrainingSpec spec) =>
        TextTemplate.IsValid(spec.Template.Pattern) ? new TextTemplate(spec.Template.Pattern) : TextTemplate.None;

    private static int? EndOfSequence(Wire.TrainingSpec spec, BaseModel model, Violations violations)
    {
        if (!spec.AppendEndOfSequence)
            return null;
        var end = SpecDefaults.EndOfSequence(model);
        violations.Require(end is not null, "spec.append_end_of_sequence", $"must be false: model '{model.Id}' has no end of sequence");
        return end;
    }

    /// <summary>Positions that the virtual tokens leave to input and target.</summary>
    private static int Room(Wire.TrainingSpec spec, BaseModel model, Violations violations)
    {
        if (spec.VirtualTokens is < 1 or > SpecRules.MostVirtualTokens)
            return model.Spec.ContextLength;
        var fits = violations.Require(
            spec.VirtualTokens < model.Spec.ContextLength, "spec.virtual_tokens",
            $"must be fewer than the context of {model.Spec.ContextLength} that model '{model.Id}' has");
        return model.Spec.ContextLength - (fits ? spec.VirtualTokens : 0);
    }

    private static int[]? TextPrompt(Wire.TrainingSpec spec, ContentEncoder encoder, PlannedData data, BaseModel model)
    {
        const string Field = "spec.evaluation.text_prompt";
        if (spec.Evaluation.TextPrompt is null)
            return null;
        var tokens = encoder.TextPrompt(spec.Evaluation.TextPrompt, Field);
        var longest = data.Evaluation
            .Select(e => e.Tokens.Input.Length + (model.Spec is DecoderSpec ? e.Tokens.Target.Length : 0)).DefaultIfEmpty().Max();
        if (tokens.Length + longest > model.Spec.ContextLength)
            encoder.Report(Field, $"has {tokens.Length} tokens; the longest evaluation example leaves room for {model.Spec.ContextLength - longest}");
        return tokens;
    }

    private static void CheckLength(Wire.TrainingSpec spec, int trainingExamples, Violations violations)
    {
        var steps = SpecDefaults.StepsOf(spec, trainingExamples);
        violations.Require(steps <= SpecRules.MostSteps, "spec.epochs", $"make {steps} steps; at most {SpecRules.MostSteps} are possible");
        violations.Require(
            spec.Schedule.WarmUpSteps <= steps, "spec.schedule.warm_up_steps", $"must be at most the {steps} steps of the training");
    }
}
