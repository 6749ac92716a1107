using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Server.Models.Checking;

/// <summary>Tells of a checkpoint's directory whether this server can train on it and serve it, and what that takes.</summary>
internal sealed class ModelCheck(BackendRegistry backends)
{
    private const string Id = "checked";

    /// <summary>What the training figure is for.</summary>
    private static readonly BatchShape Batch = new(Rows: 8, Positions: 128, Targets: 64);

    public async Task<ModelCheckReport> RunAsync(string directory, CancellationToken cancellationToken)
    {
        var checkpoint = CheckpointInspection.Of(directory);
        if (checkpoint.Refusals.Count > 0)
            return new ModelCheckReport(checkpoint, null, [], null, []);
        var model = ModelLoader.Load(Id, directory);
        using var weights = model.Weights;
        var failures = new List<string>();
        var able = backends.InferenceBackends.Where(backend => backend.Supports(model.Spec));
        var probe = await new Probe(model).RunAsync(able, failures, cancellationToken);
        var figures = new ModelFigures(model.ParameterCount, model.Fingerprint);
        return new ModelCheckReport(checkpoint, figures, [.. Needs(model)], probe, failures);
    }

    private IEnumerable<BackendCheck> Needs(BaseModel model) =>
        backends.TrainingBackends
            .Select(b => new BackendCheck(b.Name, "training", b.Supports(model.Spec) ? Training(b, model) : null))
            .Concat(backends.InferenceBackends
                .Select(b => new BackendCheck(b.Name, "serving", b.Supports(model.Spec) ? Serving(b, model) : null)));

    private static string Training(ITrainingBackend backend, BaseModel model) =>
        $"{Memory(model, m => backend.EstimatePeakBytes(m, Batch))} ({Batch.Rows} examples of {Batch.Positions} tokens at a time)";

    private static string Serving(IInferenceBackend backend, BaseModel model)
    {
        var need = backend.EstimateMemory(model);
        var cache = need.Position > 0 ? $", {ByteCount.Of(need.Position)} for each token in the cache" : "";
        var disk = need.Disk > 0 ? $", {ByteCount.Of(need.Disk)} disk" : "";
        return $"{Memory(model, m => backend.EstimateMemory(m).Weights)}{cache}{disk}";
    }

    /// <summary>With weights in float32 and, where that is less, in 16 bits.</summary>
    private static string Memory(BaseModel model, Func<BaseModel, long> estimate)
    {
        var (full, kept) = (estimate(model), estimate(model with { KeepsPrecision = true }));
        return $"{ByteCount.Of(full)} memory{(kept < full ? $", or {ByteCount.Of(kept)} with weights kept in 16 bits" : "")}";
    }
}
