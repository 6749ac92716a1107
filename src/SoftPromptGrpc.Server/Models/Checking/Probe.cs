using System.Numerics.Tensors;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Models.Checking;

/// <summary>Runs the same token ids, spread over the vocabulary, through several backends, one after the other.</summary>
internal sealed class Probe(BaseModel model)
{
    private const int MostTokens = 16;

    private readonly int[] _tokens =
        [.. Enumerable.Range(1, Math.Min(MostTokens, model.Spec.ContextLength)).Select(i => (int)(i * 7919L % model.Spec.VocabularySize))];

    /// <param name="failures">Takes what a backend refuses.</param>
    public async Task<ProbeCheck> RunAsync(
        IEnumerable<IInferenceBackend> backends, List<string> failures, CancellationToken cancellationToken)
    {
        var (ran, first, difference, largest) = (new List<string>(), Array.Empty<float>(), default(double?), 0.0);
        foreach (var backend in backends)
        {
            try
            {
                var logits = await LogitsAsync(backend, cancellationToken);
                if (ran.Count == 0)
                    first = logits;
                else
                    difference = Math.Max(difference ?? 0, Difference(first, logits));
                largest = Math.Max(largest, Math.Abs(TensorPrimitives.MaxMagnitude<float>(logits)));
                ran.Add(backend.Name);
            }
            catch (SoftPromptException refusal)
            {
                failures.Add($"{backend.Name}: {refusal.Message}");
            }
        }
        return new ProbeCheck(_tokens.Length, ran, difference, largest);
    }

    /// <summary>[tokens, vocabulary size].</summary>
    private async Task<float[]> LogitsAsync(IInferenceBackend backend, CancellationToken cancellationToken)
    {
        using var session = await backend.OpenAsync(model, cancellationToken);
        var encoderDecoder = model.Spec as EncoderDecoderSpec;
        using var sequence = session.Open(null, _tokens.Length, encoderDecoder is null ? default : _tokens);
        var tokens = encoderDecoder is null ? _tokens : [encoderDecoder.DecoderStart, .. _tokens[1..]];
        var (logits, vocabulary) = (new float[tokens.Length * model.Spec.VocabularySize], model.Spec.VocabularySize);
        var step = session.Run([new SequenceStep(sequence, tokens, tokens.Length)]);
        for (var row = 0; row < tokens.Length; row++)
            step.Row(0, row).CopyTo(logits.AsSpan(row * vocabulary, vocabulary));
        return logits;
    }

    /// <summary>Infinite where one of them is no number.</summary>
    private static double Difference(float[] left, float[] right)
    {
        var greatest = 0.0;
        for (var i = 0; i < left.Length; i++)
        {
            var difference = Math.Abs((double)left[i] - right[i]);
            greatest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(greatest, difference);
        }
        return greatest;
    }
}
