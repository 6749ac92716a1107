using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training.Methods;

/// <summary>Between what is trained and what is served.</summary>
internal static class ServedPrompts
{
    /// <summary>The prompt or prefix that the tensors stand for.</summary>
    public static ServedPrompt Of(TrainingPlan plan, TrainablePrompt trained, IPromptedModel model)
    {
        if (plan.Method is MultitaskPromptTuning tasks)
            return tasks.PromptOf(trained);
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var tensors = plan.Method.Tensors(model.Spec, trained.VirtualTokens)
            .ToDictionary(slot => slot.Name, slot => slot.ToDevice(trained[slot.Name].ToArray(), model.Device));
        var values = PromptNetwork.Forward(plan.Method, model.Spec, tensors) switch
        {
            RowPreamble rows => rows.Rows,
            PrefixPreamble prefix => prefix.Prefix,
            var other => throw new InvalidOperationException($"Nothing serves a {other.GetType().Name}."),
        };
        return ServedPrompt.Of(
            [.. values.shape.Select(length => (int)length)], values.cpu().contiguous().data<float>().ToArray(), trained.ModelFingerprint);
    }

    /// <summary>The keys and values that the model computes for the plan's text.</summary>
    public static TrainablePrompt FromText(TrainingPlan plan, int[] text, IPromptedModel model)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var ids = RepeatedText.Of(text, plan.Initial.VirtualTokens, model.Device);
        var values = model.KeysValues(model.Embed(ids)).cpu().contiguous().data<float>().ToArray();
        var (layers, heads, headSize) = KeyValuePrefix.ShapeOf(model.Spec);
        var prefix = new KeyValuePrefix(layers, heads, plan.Initial.VirtualTokens, headSize, values, plan.Initial.ModelFingerprint);
        return new TrainableInitializer(plan.Model, plan.Initial.VirtualTokens, plan.Seed).FromPrefix(plan.Method, prefix);
    }
}
