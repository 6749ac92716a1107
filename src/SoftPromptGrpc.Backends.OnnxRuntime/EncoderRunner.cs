using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

// S: positions, H: hidden size, N: heads, D: padded head size.
/// <summary>Calls the exported encoder, one sequence at a time, so that none can show in another's result.</summary>
internal sealed class EncoderRunner(EncoderDecoderSpec spec, IModelWeights weights, string graphPath, SessionOptions options) : IDisposable
{
    private readonly InferenceSession _session = new(graphPath, options);
    private readonly RunOptions _runOptions = new();
    private readonly OffsetBiases? _biases = spec.RelativePositions is null ? null : OffsetBiases.OfEncoder(spec, weights);
    private readonly int _width = 2 * spec.HeadCount * new HeadLayout(spec).Size;

    /// <param name="embed">Writes a position's row.</param>
    /// <param name="read">Gets each decoder layer's keys and values of the whole sequence: [S, 2 * N * D].</param>
    public void Run(int positions, Action<int, Span<float>> embed, Action<int, ReadOnlySpan<float>> read)
    {
        using var rows = new NativeBuffer<float>((long)positions * spec.HiddenSize);
        using var numbers = new NativeBuffer<long>(positions);
        using var biases = new NativeBuffer<float>(_biases is null ? 0 : (long)spec.HeadCount * positions * positions);
        using var encoded = new NativeBuffer<float>((long)spec.DecoderLayerCount * positions * _width);
        for (var i = 0; i < positions; i++)
        {
            embed(i, rows.Slice((long)i * spec.HiddenSize, spec.HiddenSize));
            numbers.Slice(i, 1)[0] = i;
            FillBiases(biases, i, positions);
        }
        using var binding = _session.CreateIoBinding();
        binding.Input(EncoderDecoderGraphs.Embeddings, rows.Tensor(0, positions, spec.HiddenSize));
        if (_biases is null)
            binding.Input(DecoderGraph.Positions, numbers.Tensor(0, positions));
        else
            binding.Input(EncoderDecoderGraphs.Bias, biases.Tensor(0, 1, spec.HeadCount, positions, positions));
        for (var layer = 0; layer < spec.DecoderLayerCount; layer++)
            binding.Output(EncoderDecoderGraphs.Encoded(layer), encoded.Tensor((long)layer * positions * _width, positions, _width));
        _session.RunWithBinding(_runOptions, binding);
        for (var layer = 0; layer < spec.DecoderLayerCount; layer++)
            read(layer, encoded.Slice((long)layer * positions * _width, positions * _width));
    }

    public void Dispose()
    {
        _session.Dispose();
        _runOptions.Dispose();
    }

    private void FillBiases(NativeBuffer<float> biases, int query, int positions)
    {
        for (var head = 0; _biases is not null && head < spec.HeadCount; head++)
            _biases.CopyTo(head, query, biases.Slice(((long)head * positions + query) * positions, positions));
    }
}
