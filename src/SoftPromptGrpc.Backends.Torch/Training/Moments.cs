namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>The optimizers' memory by tensor and name: zeros at first, or what a checkpoint kept.</summary>
internal sealed class Moments(IReadOnlyDictionary<string, float[]>? saved)
{
    private readonly Dictionary<string, float[]> _values = [];

    public TensorMoments Of(string tensor) => new(this, tensor);

    public IReadOnlyDictionary<string, float[]> Snapshot() => _values.ToDictionary(m => m.Key, m => (float[])m.Value.Clone());

    internal float[] Of(string name, int length)
    {
        var value = saved is null ? new float[length] : (float[])saved[name].Clone();
        if (value.Length != length)
            throw new ArgumentException($"The checkpoint's moment '{name}' has {value.Length} values, not {length}.", nameof(length));
        _values.Add(name, value);
        return value;
    }
}

/// <summary>One tensor's <see cref="Moments"/>.</summary>
internal sealed class TensorMoments(Moments moments, string tensor)
{
    /// <summary>The live array: the optimizer writes into it.</summary>
    public float[] Of(string name, int length) => moments.Of($"{tensor}.{name}", length);
}
