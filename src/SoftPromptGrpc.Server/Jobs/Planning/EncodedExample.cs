using SoftPromptGrpc.Core.Training;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <param name="Source">As it was sent.</param>
/// <param name="Tokens">As the model sees it: cut to fit.</param>
/// <param name="InputLength">Tokens of the input before it was cut.</param>
internal sealed record EncodedExample(Wire.Example Source, TrainingExample Tokens, int InputLength)
{
    public bool IsTruncated => Tokens.Input.Length < InputLength;
}

internal sealed class TokenSequenceComparer : IEqualityComparer<int[]>
{
    public static TokenSequenceComparer Instance { get; } = new();

    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(int[] ids)
    {
        var hash = new HashCode();
        foreach (var id in ids)
            hash.Add(id);
        return hash.ToHashCode();
    }
}
