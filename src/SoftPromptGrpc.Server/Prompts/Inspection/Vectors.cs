namespace SoftPromptGrpc.Server.Prompts.Inspection;

/// <summary>Exact to double precision, for what is reported.</summary>
internal static class Vectors
{
    public static double Norm(ReadOnlySpan<float> a) => Math.Sqrt(Dot(a, a));

    /// <summary>0 where one has no length.</summary>
    public static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Cosine(Dot(a, b), Norm(a), Norm(b));

    /// <inheritdoc cref="Cosine(ReadOnlySpan{float}, ReadOnlySpan{float})"/>
    public static double Cosine(double dot, double normA, double normB) => normA > 0 && normB > 0 ? dot / normA / normB : 0;

    public static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        return Math.Sqrt(sum);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }
}
