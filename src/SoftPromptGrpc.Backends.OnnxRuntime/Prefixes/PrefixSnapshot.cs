namespace SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;

/// <summary>The keys and values that a beginning leaves in a cache, and what it predicts.</summary>
/// <param name="keysAndValues">Owned: <see cref="KvCache.Save"/>.</param>
/// <param name="logits">Of the last position.</param>
internal sealed class PrefixSnapshot(NativeBuffer<float> keysAndValues, int length, float[] logits) : IDisposable
{
    public NativeBuffer<float> KeysAndValues => keysAndValues;

    /// <summary>Positions.</summary>
    public int Length => length;

    public ReadOnlySpan<float> Logits => logits;

    public void Dispose() => keysAndValues.Dispose();
}
