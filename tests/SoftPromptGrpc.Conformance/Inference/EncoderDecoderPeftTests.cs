using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Conformance.Inference;

/// <summary>Any inference backend serves what PEFT trained on an encoder-decoder. To be derived from, for each backend.</summary>
public abstract class EncoderDecoderPeftTests
{
    private const string Model = "t5_v1_0";
    private const int NewTokens = 12;

    public static TheoryData<string> Adapters =>
    [
        "prompt_tuning_random", "prompt_tuning_text_short", "prompt_tuning_text_long", "p_tuning_mlp", "p_tuning_lstm", "prefix_tuning",
        "prefix_tuning_projection",
    ];

    protected abstract IInferenceBackend Backend { get; }

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task Run_BehindAnAdapter_GivesPeftsLogitsAndTokens(string adapter)
    {
        var (inputs, golden) = (new EncoderDecoderGoldens(Model), new PeftGoldens(Model, adapter));
        var loaded = Goldens.LoadModel(Model);
        using var model = await OpenModel.OpenAsync(Backend, loaded);
        var prompt = Prompt(golden.Saved, loaded);

        for (var row = 0; row < inputs.Inputs.Length; row++)
        {
            using var sequence = model.Open(prompt, encoderInput: inputs.Inputs[row]);
            int[] tokens = [inputs.Start, .. inputs.Targets[row][..^1]];
            var logits = model.Run(sequence, tokens, tokens.Length);
            for (var column = 0; column < logits.Length; column++)
                Assert.InRange(logits[column].Zip(golden.Output.At(row, column).ToArray(), (a, e) => Math.Abs(a - e)).Max(), 0, 5e-5f);
        }
        Assert.Equal(golden.Recomputed, model.Greedy(NewTokens, (prompt, golden.StartIds))[0]);
    }

    /// <summary>PEFT saves rows for both halves, and uses the first ones, for the encoder. A prefix is the decoder's.</summary>
    private static ServedPrompt Prompt(float[] saved, BaseModel model)
    {
        var length = PeftGoldens.VirtualTokens * model.Spec.HiddenSize;
        return saved.Length == 2 * length
            ? new SoftPrompt(PeftGoldens.VirtualTokens, model.Spec.HiddenSize, saved[..length], model.Fingerprint)
            : PrefixLayout.FromRows(saved, PeftGoldens.VirtualTokens, model.Spec, model.Fingerprint);
    }
}
