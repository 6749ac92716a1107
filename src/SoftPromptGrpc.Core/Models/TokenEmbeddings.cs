namespace SoftPromptGrpc.Core.Models;

public static class TokenEmbeddings
{
    /// <summary>What stands in a sequence for a token: its row of the table, times <see cref="ModelSpec.EmbeddingScale"/>.</summary>
    /// <param name="destination">Exactly <see cref="ModelSpec.EmbeddingSize"/> long.</param>
    public static void ReadToken(this IModelWeights weights, ModelSpec spec, int token, Span<float> destination)
    {
        weights.ReadRow(DecoderTensors.TokenEmbedding, token, destination);
        if (spec.EmbeddingScale == 1)
            return;
        var scale = (float)spec.EmbeddingScale;
        for (var i = 0; i < destination.Length; i++)
            destination[i] *= scale;
    }
}
