using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Fixtures;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training.Methods;

public sealed class PromptNetworkTests
{
    private const int VirtualTokens = PeftGoldens.VirtualTokens;

    [Theory]
    [MemberData(nameof(PeftGoldens.Rows), MemberType = typeof(PeftGoldens))]
    [MemberData(nameof(PeftGoldens.Prefixes), MemberType = typeof(PeftGoldens))]
    public void Forward_WhatPeftTrained_LogitsLossAndGradientsAreGolden(string name, string adapter)
    {
        var model = Goldens.LoadModel(name);
        using var source = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, source, CPU);
        using var decoder = new Decoder(weights);
        using var scope = NewDisposeScope();
        var (inputs, golden) = (new CausalGoldens(name), new PeftGoldens(name, adapter));
        var tensors = Tensors(PeftMethods.Of(adapter), model.Spec, golden.Trainable);

        var preamble = PromptNetwork.Forward(PeftMethods.Of(adapter), model.Spec, tensors);
        var logits = Logits(decoder, preamble, inputs);
        var loss = inputs.Loss(logits, preamble.RowCount);
        loss.backward();

        inputs.AssertLogits(golden.Output, logits, preamble.RowCount);
        Assert.Equal(golden.Output.Loss, loss.item<float>(), 1e-5);
        Assert.All(tensors, t => Assert.All(
            t.Value.grad!.data<float>().Zip(golden.GradientOf(t.Key)), pair => Assert.Equal(pair.Second, pair.First, 1e-5)));
    }

    // The shared prompt is 1, 2, 3, 4; the task's matrix [1; 10] x [1, 2] + [2; 0] x [0, 1].
    [Fact]
    public void Forward_Multitask_IsTheSharedPromptTimesTheTasksMatrix()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>
        {
            ["embedding.weight"] = tensor(new[] { 1f, 2, 3, 4 }).view(2, 2),
            [MultitaskPromptTuning.Columns] = tensor(new[] { 1f, 1, 1, 1, 1, 2, 10, 0 }).view(2, 2, 2),
            [MultitaskPromptTuning.Rows] = tensor(new[] { 0f, 0, 0, 0, 1, 2, 0, 1 }).view(2, 2, 2),
        };

        var preamble = (RowPreamble)PromptNetwork.Forward(new MultitaskPromptTuning(2, Rank: 2), Conformance.TinyModel.Llama().Spec, tensors);

        Assert.Equal([0, 0, 0, 0, 1, 8, 30, 80], preamble.Rows.data<float>().ToArray());
    }

    [Fact]
    public void Forward_Cartridge_FrozenRowsComeFirst()
    {
        using var scope = NewDisposeScope();
        var model = Conformance.TinyModel.Llama();
        var prompt = new TrainableInitializer(model, 3, seed: 5).RandomPrefix(new Cartridge(FrozenTokens: 1));
        var whole = new TrainablePrompt(
            3, [new("embedding.weight", [.. prompt[Cartridge.Frozen].ToArray(), .. prompt[Cartridge.Trainable].ToArray()])], model.Fingerprint);

        var cartridge = PromptNetwork.Forward(new Cartridge(1), model.Spec, Tensors(new Cartridge(1), model.Spec, prompt));
        var prefix = PromptNetwork.Forward(new PrefixTuning(), model.Spec, Tensors(new PrefixTuning(), model.Spec, whole));

        Assert.True(((PrefixPreamble)prefix).Prefix.Equals(((PrefixPreamble)cartridge).Prefix));
    }

    private static Tensor Logits(Decoder decoder, Preamble preamble, CausalGoldens inputs) => decoder.Head(preamble switch
    {
        RowPreamble rows => decoder.Forward(cat([rows.Rows.unsqueeze(0).expand(inputs.Rows.Length, -1, -1), decoder.Embed(inputs.Ids())], 1)),
        PrefixPreamble prefix => decoder.Forward(decoder.Embed(inputs.Ids()), prefix.Prefix),
        _ => throw new NotSupportedException(),
    });

    private static Dictionary<string, Tensor> Tensors(TrainingMethod method, ModelSpec spec, GoldenTensors golden) =>
        Tensors(method, spec, name => golden[name]);

    private static Dictionary<string, Tensor> Tensors(TrainingMethod method, ModelSpec spec, TrainablePrompt prompt) =>
        Tensors(method, spec, name => prompt[name].ToArray(), prompt.VirtualTokens);

    private static Dictionary<string, Tensor> Tensors(
        TrainingMethod method, ModelSpec spec, Func<string, float[]> values, int virtualTokens = VirtualTokens) =>
        method.Tensors(spec, virtualTokens).ToDictionary(slot => slot.Name, slot => slot.ToDevice(values(slot.Name), CPU).requires_grad_());
}
