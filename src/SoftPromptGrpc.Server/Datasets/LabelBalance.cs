using Google.Protobuf;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>Counts distinct targets as long as there are few of them.</summary>
internal sealed class LabelBalance
{
    private const int Most = 100;
    private readonly Dictionary<ByteString, LabelCount> _labels = [];
    private bool _areTooMany;

    public void Add(Content? target)
    {
        if (_areTooMany)
            return;
        var key = target?.ToByteString() ?? ByteString.Empty;
        if (_labels.TryGetValue(key, out var known))
        {
            known.Count++;
            return;
        }
        _labels.Add(key, new LabelCount { Label = target, Count = 1 });
        if (_labels.Count <= Most)
            return;
        _areTooMany = true;
        _labels.Clear();
    }

    /// <summary>The most frequent first; empty where there are too many.</summary>
    public IEnumerable<LabelCount> Labels => _labels.Values.OrderByDescending(label => label.Count);
}
