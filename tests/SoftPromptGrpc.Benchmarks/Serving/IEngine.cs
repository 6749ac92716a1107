namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>What continues sequences of tokens. A step gives the logits behind each sequence's last token.</summary>
internal interface IEngine : IDisposable
{
    /// <summary>The first sequence's, of the last step.</summary>
    ReadOnlySpan<float> Logits { get; }

    /// <summary>Forgets all sequences.</summary>
    void Clear();

    /// <param name="tokens">The next ones of each sequence.</param>
    /// <param name="past">Each sequence's length before.</param>
    void Run(IReadOnlyList<int[]> tokens, int past);
}
