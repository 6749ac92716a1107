using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>
/// Chooses among fixed labels by their summed log-probability after an input. Labels that differ only in their last token share a
/// pass, so labels of one token cost one pass in all.
/// </summary>
internal sealed class LabelChoice
{
    private readonly IReadOnlyList<int[]> _labels;
    private readonly List<int[]> _stems = [];
    private readonly int[] _stemOf;

    public LabelChoice(IReadOnlyList<int[]> labels)
    {
        _labels = labels;
        _stemOf = [.. labels.Select(StemIndex)];
    }

    /// <summary>How many passes one input takes.</summary>
    public int Passes => _stems.Count;

    /// <summary>The <see cref="Passes"/> sequences to run for an example: their targets stand where logits are wanted.</summary>
    public IEnumerable<TrainingExample> Sequences(TrainingExample example) =>
        _stems.Select(stem => example with { Target = [.. stem, 0] });

    /// <param name="logProbabilities">[rows, vocabulary size]: the rows of one input's sequences, in order.</param>
    /// <returns>The label with the highest sum.</returns>
    public int[] Choose(Tensor logProbabilities)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = (new List<long>(), new List<long>());
        for (var label = 0; label < _labels.Count; label++)
        {
            var first = _stems.Take(_stemOf[label]).Sum(stem => stem.Length + 1);
            for (var t = 0; t < _labels[label].Length; t++)
            {
                rows.Add(first + t);
                columns.Add(_labels[label][t]);
            }
        }
        var device = logProbabilities.device;
        var picked = logProbabilities.index(tensor(rows.ToArray()).to(device), tensor(columns.ToArray()).to(device)).cpu().data<float>();
        var sums = new double[_labels.Count];
        for (int label = 0, at = 0; label < _labels.Count; label++)
        {
            for (var t = 0; t < _labels[label].Length; t++)
                sums[label] += picked[at++];
        }
        return _labels[Array.IndexOf(sums, sums.Max())];
    }

    private int StemIndex(int[] label)
    {
        var stem = label[..^1];
        var index = _stems.FindIndex(s => s.AsSpan().SequenceEqual(stem));
        if (index >= 0)
            return index;
        _stems.Add(stem);
        return _stems.Count - 1;
    }
}
