using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.Core.Training;

/// <param name="Values">In the shape of its <see cref="TensorSlot"/>, the last dimension fastest.</param>
public sealed record TrainableTensor(string Name, float[] Values);

/// <summary>
/// All that a method trains: what a run begins with, what a checkpoint keeps and what training can go on from, where the prompt that
/// is served (<see cref="ServedPrompt"/>) is only its result. Immutable; equal when the hash is equal.
/// </summary>
public sealed class TrainablePrompt
{
    private readonly TrainableTensor[] _tensors;

    /// <param name="tensors">In the order of <see cref="TrainingMethod.Tensors"/>. Taken over, not copied.</param>
    /// <param name="modelFingerprint">The base model that gives the numbers their meaning.</param>
    public TrainablePrompt(int virtualTokens, IEnumerable<TrainableTensor> tensors, string modelFingerprint)
    {
        (VirtualTokens, _tensors, ModelFingerprint) = (virtualTokens, [.. tensors], modelFingerprint);
        ContentHash = Hash();
    }

    public int VirtualTokens { get; }

    public IReadOnlyList<TrainableTensor> Tensors => _tensors;

    public string ModelFingerprint { get; }

    /// <summary>SHA-256 over names, values and model fingerprint, in lower-case hexadecimal.</summary>
    public string ContentHash { get; }

    /// <summary>How many numbers it holds.</summary>
    public long Length => _tensors.Sum(tensor => tensor.Values.LongLength);

    public ReadOnlyMemory<float> this[string name] => Array.Find(_tensors, tensor => tensor.Name == name)?.Values
        ?? throw new ArgumentException($"There is no tensor '{name}'.", nameof(name));

    /// <summary>A prompt as prompt tuning begins with it.</summary>
    public static implicit operator TrainablePrompt(SoftPrompt prompt) =>
        new(prompt.VirtualTokens, [new("embedding.weight", prompt.Values.ToArray())], prompt.ModelFingerprint);

    public static TrainablePrompt ToTrainablePrompt(SoftPrompt prompt) => prompt;

    /// <summary>Whether these are the tensors of a method, each of the right length.</summary>
    public bool Fits(IReadOnlyList<TensorSlot> slots) =>
        slots.Select(slot => (slot.Name, slot.Length)).SequenceEqual(_tensors.Select(tensor => (tensor.Name, tensor.Values.Length)));

    private string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{ModelFingerprint}\n{VirtualTokens}\n"));
        foreach (var (name, values) in _tensors)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n{values.Length}\n"));
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
