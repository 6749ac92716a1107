namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>An optimizer's memory by name: zeros at first, or what a checkpoint kept.</summary>
internal sealed class Moments(IReadOnlyDictionary<string, float[]>? saved)
{
    private readonly Dictionary<string, float[]> _values = [];

    /// <summary>The live array: the optimizer writes into it.</summary>
    public float[] Of(string name, int length)
    {
        var value = saved is null ? new float[length] : (float[])saved[name].Clone();
        if (value.Length != length)
            throw new ArgumentException($"The checkpoint's moment '{name}' has {value.Length} values, not {length}.", nameof(length));
        _values.Add(name, value);
        return value;
    }

    public IReadOnlyDictionary<string, float[]> Snapshot() => _values.ToDictionary(m => m.Key, m => (float[])m.Value.Clone());
}
