using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Conformance.Inference;

/// <summary>Any inference backend serves what PEFT trained on an encoder-decoder. To be derived from, for each backend.</summary>
public abstract class EncoderDecoderPeftTests
{
    private const string Model = PeftGoldens.EncoderDecoder;
    private const int NewTokens = 12;

    protected abstract IInferenceBackend Backend { get; }

    [Theory]
    [MemberData(nameof(PeftGoldens.OfEncoderDecoder), MemberType = typeof(PeftGoldens))]
    public async Task Run_BehindAnAdapter_GivesPeftsLogitsAndTokens(string adapter)
    {
        var (inputs, golden) = (new EncoderDecoderGoldens(Model), new PeftGoldens(Model, adapter));
        using var model = await OpenModel.OpenAsync(Backend, Goldens.LoadModel(Model));
        var prompt = model.Prompt(golden);

        var loss = new MeanLoss();
        for (var row = 0; row < inputs.Inputs.Length; row++)
        {
            using var sequence = model.Open(prompt, encoderInput: inputs.Inputs[row]);
            int[] tokens = [inputs.Start, .. inputs.Targets[row][..^1]];
            var logits = model.Run(sequence, tokens, tokens.Length);
            for (var column = 0; column < logits.Length; column++)
                Assert.InRange(logits[column].Zip(golden.Output.At(row, column).ToArray(), (a, e) => Math.Abs(a - e)).Max(), 0, 5e-5f);
            loss.Add(logits, inputs.Targets[row]);
        }
        Assert.Equal(golden.Output.Loss, loss.Value, 2e-5);
        Assert.Equal(golden.Recomputed, model.Greedy(NewTokens, (prompt, golden.StartIds))[0]);
        if (prompt is SoftPrompt) // Behind a prefix PEFT's generate numbers the decoder's positions from 0, where it trains from 5.
            Assert.Equal(golden.GreedyBatch, model.Greedy(NewTokens, [.. inputs.Inputs.Select(ids => ((ServedPrompt?)prompt, ids))]));
    }
}
