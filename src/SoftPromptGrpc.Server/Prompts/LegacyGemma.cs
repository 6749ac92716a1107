using System.Numerics.Tensors;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>
/// Before March 2026 transformers multiplied a soft prompt of gemma and gemma2 inside the model, as it did a token's embedding; since
/// then, and here, the prompt is taken as it is. Multiplying the numbers turns a prompt of one rule into one of the other.
/// </summary>
internal static class LegacyGemma
{
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: the model never multiplied prompts.</exception>
    public static float[] Convert(float[] rows, BaseModel model)
    {
        if (model.Spec is not DecoderSpec { EmbeddingScale: not 1 })
            throw new SoftPromptException([new FieldViolation("header.scale_legacy_gemma", $"must be false: model '{model.Id}' is no gemma")]);
        var converted = new float[rows.Length];
        TensorPrimitives.Multiply(rows, (float)model.Spec.EmbeddingScale, converted);
        return converted;
    }
}
