using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training.Methods;

/// <summary>Between what is trained and what is served.</summary>
internal static class ServedPrompts
{
    /// <summary>The prompt or prefix that the tensors stand for.</summary>
    public static ServedPrompt Of(TrainingPlan plan, TrainablePrompt trained, Decoder decoder)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var tensors = plan.Method.Tensors(decoder.Spec, trained.VirtualTokens)
            .ToDictionary(slot => slot.Name, slot => slot.ToDevice(trained[slot.Name].ToArray(), decoder.Device));
        var values = PromptNetwork.Forward(plan.Method, decoder.Spec, tensors) switch
        {
            RowPreamble rows when plan.Method is MultitaskPromptTuning tasks => rows.Rows[tasks.Task],
            RowPreamble rows => rows.Rows,
            PrefixPreamble prefix => prefix.Prefix,
            var other => throw new InvalidOperationException($"Nothing serves a {other.GetType().Name}."),
        };
        return ServedPrompt.Of(
            [.. values.shape.Select(length => (int)length)], values.cpu().contiguous().data<float>().ToArray(), trained.ModelFingerprint);
    }

    /// <summary>The keys and values that the model computes for the plan's text.</summary>
    public static TrainablePrompt FromText(TrainingPlan plan, int[] text, Decoder decoder)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var ids = RepeatedText.Of(text, plan.Initial.VirtualTokens, decoder.Device);
        var values = decoder.KeysValues(decoder.Embed(ids)).cpu().contiguous().data<float>().ToArray();
        var spec = decoder.Spec;
        var prefix = new KeyValuePrefix(
            spec.LayerCount, spec.KeyValueHeadCount, plan.Initial.VirtualTokens, spec.HeadSize, values, plan.Initial.ModelFingerprint);
        return new TrainableInitializer(plan.Model, plan.Initial.VirtualTokens, plan.Seed).FromPrefix(plan.Method, prefix);
    }
}
