using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training.Methods;

public enum PromptEncoderKind
{
    /// <summary>Three linear layers with ReLU between them.</summary>
    Mlp,

    /// <summary>A bidirectional LSTM, then two linear layers with ReLU between them.</summary>
    Lstm,
}

/// <summary>Virtual tokens that an encoder makes of learned embeddings (Liu et al. 2021, "GPT Understands, Too"), without dropout.</summary>
/// <param name="EncoderSize">Width of the encoder.</param>
/// <param name="Layers">Of the LSTM.</param>
public sealed record PTuning(PromptEncoderKind Encoder, int EncoderSize, int Layers = 2) : TrainingMethod
{
    public override PromptMethod Kind => PromptMethod.PTuning;

    /// <summary>
    /// Halves of the model that PEFT's encoder makes rows for. Those of the first are served; the others reach them only through an LSTM's
    /// backward direction, so an MLP does without.
    /// </summary>
    public static int HalvesOf(ModelSpec spec) => spec is EncoderDecoderSpec ? 2 : 1;

    public override IReadOnlyList<TensorSlot> Tensors(ModelSpec spec, int virtualTokens)
    {
        var embedding = Embedding(virtualTokens, spec.EmbeddingSize);
        var others = (HalvesOf(spec) - 1) * virtualTokens;
        return Encoder switch
        {
            PromptEncoderKind.Mlp =>
            [
                embedding with { IdleRows = others }, .. Linear("mlp_head.0", spec.EmbeddingSize, EncoderSize), .. Linear("mlp_head.2", EncoderSize, EncoderSize),
                .. Linear("mlp_head.4", EncoderSize, spec.EmbeddingSize),
            ],
            PromptEncoderKind.Lstm =>
            [
                Embedding(virtualTokens + others, spec.EmbeddingSize), .. Enumerable.Range(0, Layers).SelectMany(layer => LstmLayer(layer, spec.EmbeddingSize)),
                .. Linear("mlp_head.0", 2 * EncoderSize, 2 * EncoderSize), .. Linear("mlp_head.2", 2 * EncoderSize, spec.EmbeddingSize),
            ],
        };
    }

    /// <summary>Of a torch.nn.LSTM: gates in the order input, forget, cell, output.</summary>
    private IEnumerable<TensorSlot> LstmLayer(int layer, int embeddingSize)
    {
        foreach (var direction in (string[])["", "_reverse"])
        {
            yield return Gates("weight_ih", [4 * EncoderSize, layer == 0 ? embeddingSize : 2 * EncoderSize]);
            yield return Gates("weight_hh", [4 * EncoderSize, EncoderSize]);
            yield return Gates("bias_ih", [4 * EncoderSize]);
            yield return Gates("bias_hh", [4 * EncoderSize]);

            TensorSlot Gates(string name, int[] shape) => new($"lstm_head.{name}_l{layer}{direction}", shape, EncoderSize);
        }
    }
}
