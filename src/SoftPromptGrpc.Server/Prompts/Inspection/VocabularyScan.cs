using System.Numerics.Tensors;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Prompts.Inspection;

internal sealed record NearToken(int Id, double Cosine, double Distance);

/// <param name="Norms">Of the vocabulary's embeddings.</param>
/// <param name="Nearest">For each virtual token, the highest cosine first.</param>
internal sealed record VocabularyScan(Norms Norms, IReadOnlyList<IReadOnlyList<NearToken>> Nearest)
{
    /// <summary>Reads every token's embedding once.</summary>
    /// <param name="rows">Embeddings of virtual tokens.</param>
    public static VocabularyScan Of(BaseModel model, PromptRows rows, int nearest, CancellationToken cancellationToken)
    {
        var found = new PriorityQueue<int, float>[rows.Count];
        for (var row = 0; row < found.Length; row++)
            found[row] = new PriorityQueue<int, float>(nearest + 1);
        var norms = new double[model.Spec.VocabularySize];
        var embedding = new float[rows.Width];
        for (var token = 0; token < norms.Length; token++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Weights.ReadToken(model.Spec, token, embedding);
            var norm = TensorPrimitives.Norm<float>(embedding);
            norms[token] = norm;
            // A virtual token's own norm is the same for every token: it does not change which is nearest.
            for (var row = 0; row < found.Length; row++)
                Offer(found[row], token, norm > 0 ? TensorPrimitives.Dot(rows[row], embedding) / norm : 0, nearest);
        }
        return new VocabularyScan(Norms.Of(norms), [.. found.Select((tokens, row) => Describe(model, rows[row], tokens, embedding))]);
    }

    private static void Offer(PriorityQueue<int, float> found, int token, float cosine, int most)
    {
        if (found.Count < most)
            found.Enqueue(token, cosine);
        else if (most > 0)
            found.EnqueueDequeue(token, cosine);
    }

    private static NearToken[] Describe(BaseModel model, ReadOnlySpan<float> row, PriorityQueue<int, float> tokens, float[] embedding)
    {
        var near = new List<NearToken>();
        foreach (var (token, _) in tokens.UnorderedItems)
        {
            model.Weights.ReadToken(model.Spec, token, embedding);
            near.Add(new NearToken(token, Vectors.Cosine(row, embedding), Vectors.Distance(row, embedding)));
        }
        return [.. near.OrderByDescending(token => token.Cosine).ThenBy(token => token.Id)];
    }
}
