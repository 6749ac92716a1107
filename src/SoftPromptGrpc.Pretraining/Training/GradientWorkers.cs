using SoftPromptGrpc.Backends.Torch;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Pretraining.Training;

/// <summary>
/// Loss and gradients of a batch, its rows shared out evenly among threads that each run Torch single-threaded: unlike threads
/// inside each operation, they wait for each other only once per step.
/// </summary>
internal sealed class GradientWorkers(DecoderWeights weights, PretrainingSettings settings) : IDisposable
{
    private readonly Tensor[] _parameters = [.. weights.Named.Select(w => w.Tensor)];
    private readonly Decoder[] _decoders = [.. Enumerable.Range(0, settings.Workers).Select(_ => new Decoder(weights))];

    /// <param name="sequenceLength">Divides the number of tokens into as many rows as threads, or a multiple of it.</param>
    /// <returns>The gradients are the caller's to dispose.</returns>
    public (double Loss, Tensor[] Gradients) Run(long[] inputs, long[] targets, int sequenceLength, Tensor? tokenWeights)
    {
        var results = new (double Loss, Tensor[] Gradients)[Math.Min(_decoders.Length, inputs.Length / sequenceLength)];
        var share = inputs.Length / results.Length;
        var threads = results.Select((_, worker) => new Thread(() =>
        {
            set_num_threads(1);
            results[worker] = Differentiate(_decoders[worker], inputs.AsSpan(worker * share, share), targets.AsSpan(worker * share, share), sequenceLength, tokenWeights);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        var gradients = results[0].Gradients;
        for (var i = 0; i < gradients.Length; i++)
        {
            foreach (var (_, others) in results.Skip(1))
            {
                gradients[i].add_(others[i]);
                others[i].Dispose();
            }
            gradients[i].div_(results.Length);
        }
        return (results.Average(r => r.Loss), gradients);
    }

    /// <summary>Nats per token.</summary>
    /// <param name="length">Tokens per row.</param>
    /// <param name="tokenWeights">[vocabulary], for a weighted mean over the targets; null: all weigh the same.</param>
    public static Tensor Loss(Decoder decoder, ReadOnlySpan<long> inputs, ReadOnlySpan<long> targets, int length, Tensor? tokenWeights = null)
    {
        var ids = tensor(inputs.ToArray()).view(-1, length);
        var logits = decoder.Head(decoder.Forward(decoder.Embed(ids)));
        return nn.functional.cross_entropy(logits.flatten(0, 1), tensor(targets.ToArray()), tokenWeights);
    }

    public void Dispose()
    {
        foreach (var decoder in _decoders)
            decoder.Dispose();
    }

    private (double, Tensor[]) Differentiate(Decoder decoder, ReadOnlySpan<long> inputs, ReadOnlySpan<long> targets, int sequenceLength, Tensor? tokenWeights)
    {
        using var scope = NewDisposeScope();
        var loss = Loss(decoder, inputs, targets, sequenceLength, tokenWeights);
        var gradients = autograd.grad([loss], _parameters).ToArray();
        return (loss.item<float>(), [.. gradients.Select(g => g.DetachFromDisposeScope())]);
    }
}
