using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

// B: sequences of the call, L: the longest of them, N: heads, V: vocabulary.
/// <summary>
/// Calls an encoder-decoder's exported decoder over memory of its own: one position of each sequence in slots 0, 1, ...
/// </summary>
internal sealed class DecoderStepRunner : IDisposable
{
    private readonly EncoderDecoderSpec _spec;
    private readonly KvCache _outputs;
    private readonly KvCache _inputs;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly OffsetBiases? _biases;
    private readonly NativeBuffer<float> _embeddings;
    private readonly NativeBuffer<int> _lastPositions;
    private readonly NativeBuffer<int> _longestLength = new(1);
    private readonly NativeBuffer<int> _inputLastPositions;
    private readonly NativeBuffer<int> _inputLength = new(1);
    private readonly NativeBuffer<long> _inputLast;
    private readonly NativeBuffer<float> _logits;
    private NativeBuffer<float> _bias = new(0);

    /// <param name="outputs">Keys and values of the decoder's own positions.</param>
    /// <param name="inputs">Keys and values of the encoded inputs.</param>
    /// <param name="sequences">The most of one call.</param>
    public DecoderStepRunner(
        EncoderDecoderSpec spec, IModelWeights weights, string graphPath, SessionOptions options, KvCache outputs, KvCache inputs,
        int sequences)
    {
        (_spec, _outputs, _inputs) = (spec, outputs, inputs);
        _session = new(graphPath, options);
        _biases = spec.RelativePositions is null ? null : OffsetBiases.OfDecoder(spec, weights);
        _embeddings = new((long)sequences * spec.HiddenSize);
        (_lastPositions, _inputLastPositions) = (new(sequences), new(sequences));
        _inputLast = new((long)sequences * spec.HeadCount);
        _logits = new((long)sequences * spec.VocabularySize);
    }

    /// <summary>Where the next token's embedding of the sequence in a slot goes.</summary>
    public Span<float> Embedding(int slot) => _embeddings.Slice((long)slot * _spec.HiddenSize, _spec.HiddenSize);

    /// <summary>What follows the sequence in a slot: [V].</summary>
    public ReadOnlySpan<float> Logits(int slot) => _logits.Slice((long)slot * _spec.VocabularySize, _spec.VocabularySize);

    /// <param name="sequences">Of slots 0, 1, ...: the lengths before, and those of the encoded inputs.</param>
    public void Run(IReadOnlyList<(int Length, int InputLength)> sequences)
    {
        var (count, longest) = (sequences.Count, sequences.Max(s => s.Length) + 1);
        _longestLength.Slice(0, 1)[0] = longest;
        _inputLength.Slice(0, 1)[0] = sequences.Max(s => s.InputLength);
        for (var slot = 0; slot < count; slot++)
        {
            _lastPositions.Slice(slot, 1)[0] = sequences[slot].Length;
            _inputLastPositions.Slice(slot, 1)[0] = sequences[slot].InputLength - 1;
            _inputLast.Slice((long)slot * _spec.HeadCount, _spec.HeadCount).Fill(sequences[slot].InputLength - 1);
        }
        FillBias([.. sequences.Select(s => s.Length)], longest);
        using var binding = Bind(count, longest);
        _session.RunWithBinding(_runOptions, binding);
    }

    public void Dispose()
    {
        _session.Dispose();
        _runOptions.Dispose();
        foreach (var buffer in new IDisposable[]
        {
            _embeddings, _lastPositions, _longestLength, _inputLastPositions, _inputLength, _inputLast, _logits, _bias,
        })
        {
            buffer.Dispose();
        }
    }

    private void FillBias(int[] lengths, int longest)
    {
        if (_biases is null)
            return;
        var count = (long)lengths.Length * _spec.HeadCount * longest;
        if (_bias.Length < count)
        {
            _bias.Dispose();
            _bias = new(2 * count);
        }
        for (var slot = 0; slot < lengths.Length; slot++)
        {
            for (var head = 0; head < _spec.HeadCount; head++)
            {
                var keys = _bias.Slice(((long)slot * _spec.HeadCount + head) * longest, longest);
                keys[(lengths[slot] + 1)..].Clear();
                _biases.CopyTo(head, lengths[slot], keys[..(lengths[slot] + 1)]);
            }
        }
    }

    private OrtIoBinding Bind(int count, int longest)
    {
        var binding = _session.CreateIoBinding();
        binding.Input(EncoderDecoderGraphs.Embeddings, _embeddings.Tensor(0, count, _spec.HiddenSize));
        binding.Input(DecoderGraph.LastPositions, _lastPositions.Tensor(0, count));
        binding.Input(DecoderGraph.LongestLength, _longestLength.Tensor(0));
        binding.Input(EncoderDecoderGraphs.EncodedLastPositions, _inputLastPositions.Tensor(0, count));
        binding.Input(EncoderDecoderGraphs.EncodedLength, _inputLength.Tensor(0));
        binding.Input(EncoderDecoderGraphs.EncodedLast, _inputLast.Tensor(0, count, _spec.HeadCount, 1));
        if (_biases is not null)
            binding.Input(EncoderDecoderGraphs.Bias, _bias.Tensor(0, count, _spec.HeadCount, 1, longest));
        for (var layer = 0; layer < _spec.DecoderLayerCount; layer++)
        {
            binding.InPlace(DecoderGraph.PastKeys(layer), DecoderGraph.PresentKeys(layer), _outputs.Keys(layer, 0, count));
            binding.InPlace(DecoderGraph.PastValues(layer), DecoderGraph.PresentValues(layer), _outputs.Values(layer, 0, count));
            binding.InPlace(EncoderDecoderGraphs.EncodedKeys(layer), EncoderDecoderGraphs.PresentEncodedKeys(layer), _inputs.Keys(layer, 0, count));
            binding.InPlace(
                EncoderDecoderGraphs.EncodedValues(layer), EncoderDecoderGraphs.PresentEncodedValues(layer), _inputs.Values(layer, 0, count));
        }
        binding.Output(DecoderGraph.Logits, _logits.Tensor(0, count, _spec.VocabularySize));
        return binding;
    }
}
