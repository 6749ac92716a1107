using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>An example's tokens, as one model counts them.</summary>
/// <param name="Input">Before it was cut.</param>
internal readonly record struct ExampleLengths(int Input, int Target, bool IsTruncated);

/// <summary>Looks at examples one after the other: the same for those that come with a request and those of an upload.</summary>
internal sealed class DatasetSummary : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _length = new byte[sizeof(int)];
    private readonly ExampleRepeats _repeats = new();
    private readonly LabelBalance _labels = new();
    private readonly Lengths _inputs = new();
    private readonly Lengths _targets = new();
    private readonly DatasetReport _report = new();
    private bool _hasLengths;

    public long Count => _report.ExampleCount + _report.EvaluationExampleCount;

    /// <param name="lengths">Null: nobody counts tokens.</param>
    public void Add(Example example, ExampleLengths? lengths, bool isEvaluation)
    {
        if (isEvaluation)
            _report.EvaluationExampleCount++;
        else
            _report.ExampleCount++;
        _repeats.Add(example, isEvaluation);
        _labels.Add(example.Target);
        AddToHash(example.ToByteArray());
        if (SizeOf(example.Input) == 0)
            _report.EmptyInputCount++;
        if (lengths is not { } known)
            return;
        _hasLengths = true;
        _inputs.Add(known.Input);
        _targets.Add(known.Target);
        _report.TruncatedCount += known.IsTruncated ? 1 : 0;
    }

    /// <param name="warnsOfNoEvaluation">Whether the examples are all that a training gets.</param>
    public DatasetReport ToReport(bool warnsOfNoEvaluation)
    {
        (_report.InputTokens, _report.TargetTokens) = _hasLengths ? (_inputs.Summarize(), _targets.Summarize()) : (null, null);
        _report.DuplicateCount = _repeats.Duplicates;
        _report.ContradictoryCount = _repeats.Contradictions;
        _report.OverlapCount = _repeats.Overlap;
        _report.Sha256 = Convert.ToHexStringLower(_hash.GetCurrentHash());
        _report.Labels.Add(_labels.Labels);
        _report.Warnings.Add(Warnings(warnsOfNoEvaluation));
        return _report;
    }

    public void Dispose() => _hash.Dispose();

    private static int SizeOf(Content? content) => content switch
    {
        { KindCase: Content.KindOneofCase.Text } => content.Text.Length,
        { KindCase: Content.KindOneofCase.TokenIds } => content.TokenIds.Ids.Count,
        _ => 0,
    };

    private void AddToHash(byte[] bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_length, bytes.Length);
        _hash.AppendData(_length);
        _hash.AppendData(bytes);
    }

    private IEnumerable<string> Warnings(bool warnsOfNoEvaluation)
    {
        if (_report.TruncatedCount > 0)
            yield return $"{_report.TruncatedCount} of {Count} inputs were truncated";
        if (_report.DuplicateCount > 0)
            yield return $"{_report.DuplicateCount} of {Count} examples repeat an earlier one";
        if (_report.ContradictoryCount > 0)
            yield return $"{_report.ContradictoryCount} of {Count} examples have the same input as another one but another target";
        if (_report.EmptyInputCount > 0)
            yield return $"{_report.EmptyInputCount} of {Count} inputs are empty";
        if (_report.OverlapCount > 0)
            yield return $"{_report.OverlapCount} inputs of the evaluation examples stand in the training examples too";
        if (_report.EvaluationExampleCount == 0 && warnsOfNoEvaluation)
            yield return "there are no evaluation examples: nothing will tell how good the prompt is";
        if (_report.Labels.Count == 1 && Count > 1)
            yield return "all targets are the same";
    }
}
