using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>
/// Calls the paged graph over memory of its own: the caller fills <see cref="Batch"/> and <see cref="Embedding"/>, calls, and reads
/// <see cref="Logits"/>.
/// </summary>
internal sealed class PackedRunner : IDisposable
{
    private readonly DecoderSpec _spec;
    private readonly CustomOperatorDomain _operators;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly NativeBuffer<float> _embeddings;
    private readonly NativeBuffer<long> _positions;
    private NativeBuffer<long> _logitRows;

    /// <param name="mostRows">Of one run.</param>
    public PackedRunner(DecoderSpec spec, string graphPath, SessionOptions options, BlockLayout layout, int mostRows)
    {
        (_spec, MostRows) = (spec, mostRows);
        _operators = new(Operator.OwnOfSession, new PagedAttention(spec, layout, Batch));
        _operators.AddTo(options);
        _session = new(graphPath, options);
        _embeddings = new((long)mostRows * spec.EmbeddingSize);
        (_positions, _logitRows) = (new(mostRows), new(mostRows));
        Logits = new(spec.VocabularySize);
    }

    public int MostRows { get; }

    public PackedBatch Batch { get; } = new();

    public LogitsBuffer Logits { get; }

    /// <summary>Where a row's input goes: a token's embedding or a virtual token.</summary>
    public Span<float> Embedding(int row) => _embeddings.Slice((long)row * _spec.EmbeddingSize, _spec.EmbeddingSize);

    /// <summary>Runs the batch.</summary>
    /// <param name="wantedRows">Of which logits are wanted.</param>
    /// <param name="firstLogits">Where these begin.</param>
    public void Run(IReadOnlyList<int> wantedRows, int firstLogits)
    {
        Batch.Seal(_spec.HeadCount / _spec.KeyValueHeadCount);
        foreach (var part in Batch.Parts)
        {
            for (var i = 0; i < part.Count; i++)
                _positions.Slice(part.FirstRow + i, 1)[0] = part.Past + i;
        }
        var count = Math.Max(1, wantedRows.Count);
        if (_logitRows.Length < count)
        {
            _logitRows.Dispose();
            _logitRows = new(2L * count);
        }
        _logitRows.Slice(0, 1)[0] = Batch.Rows - 1;
        for (var i = 0; i < wantedRows.Count; i++)
            _logitRows.Slice(i, 1)[0] = wantedRows[i];
        using var binding = _session.CreateIoBinding();
        binding.Input(DecoderGraph.Embeddings, _embeddings.Tensor(0, 1, Batch.Rows, _spec.EmbeddingSize));
        if (_spec.Positions == PositionKind.Learned)
            binding.Input(DecoderGraph.Positions, _positions.Tensor(0, 1, Batch.Rows));
        binding.Input(DecoderGraph.LogitRows, _logitRows.Tensor(0, count));
        binding.Output(DecoderGraph.Logits, Logits.Tensor(wantedRows.Count == 0 ? Logits.SpareRow : firstLogits, count));
        _session.RunWithBinding(_runOptions, binding);
    }

    public void Dispose()
    {
        _session.Dispose();
        _operators.Dispose();
        _runOptions.Dispose();
        _embeddings.Dispose();
        _positions.Dispose();
        _logitRows.Dispose();
        Batch.Dispose();
        Logits.Dispose();
    }
}
