using System.Security.Cryptography;
using Google.Protobuf;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>What examples have in common with each other. Remembers digests of 16 bytes, not the examples.</summary>
internal sealed class ExampleRepeats
{
    private readonly HashSet<(UInt128, UInt128)> _pairs = [];
    private readonly Dictionary<UInt128, Input> _inputs = [];

    /// <summary>Examples equal to an earlier one.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Examples with the same input and another target.</summary>
    public long Contradictions => _inputs.Values.Where(input => input.IsContradictory).Sum(input => input.Count);

    /// <summary>Inputs that stand on both sides.</summary>
    public long Overlap => _inputs.Values.Count(input => input is { InTraining: true, InEvaluation: true });

    public void Add(Example example, bool isEvaluation)
    {
        var (input, target) = (Digest(example.Input), Digest(example.Target));
        if (!_pairs.Add((input, target)))
            Duplicates++;
        if (!_inputs.TryGetValue(input, out var known))
            _inputs.Add(input, known = new Input(target));
        known.Count++;
        known.IsContradictory |= known.Target != target;
        known.InTraining |= !isEvaluation;
        known.InEvaluation |= isEvaluation;
    }

    private static UInt128 Digest(Content? content) => BitConverter.ToUInt128(SHA256.HashData(content?.ToByteArray() ?? []));

    private sealed class Input(UInt128 target)
    {
        public UInt128 Target { get; } = target;
        public long Count { get; set; }
        public bool IsContradictory { get; set; }
        public bool InTraining { get; set; }
        public bool InEvaluation { get; set; }
    }
}
