using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

// B: examples, P: rows of the preamble, S: longest input, T: longest target, R: target tokens.
/// <summary>The layout of one pass: inputs for the encoder, targets behind a start token for the decoder, padded on the right.</summary>
/// <param name="Inputs">[B, S].</param>
/// <param name="Mask">[B, P + S]: true for the preamble and the tokens, false for padding.</param>
/// <param name="Outputs">[B, T]. A target's last token is predicted but never fed.</param>
/// <param name="Rows">[R], into the B * T rows of the decoder, example by example.</param>
/// <param name="Targets">[R].</param>
/// <param name="Tasks">[B].</param>
internal sealed record EncoderDecoderBatch(Tensor Inputs, Tensor Mask, Tensor Outputs, Tensor Rows, Tensor Targets, Tensor Tasks)
{
    /// <summary>Its tensors belong to the current dispose scope.</summary>
    /// <param name="rowsInFront">P.</param>
    /// <param name="start">The token that every output begins behind.</param>
    public static EncoderDecoderBatch Of(IReadOnlyList<TrainingExample> examples, int rowsInFront, int start, Device device)
    {
        var (inputWidth, outputWidth) = (examples.Max(e => e.Input.Length), examples.Max(e => e.Target.Length));
        var rows = examples.Index().SelectMany(e => e.Item.Target.Select((_, t) => (long)e.Index * outputWidth + t));
        return new EncoderDecoderBatch(
            Padded([.. examples.Select(e => e.Input)], inputWidth, device),
            Seen(examples, rowsInFront + inputWidth, rowsInFront).to(device),
            Padded([.. examples.Select(e => (int[])[start, .. e.Target[..^1]])], outputWidth, device),
            tensor(rows.ToArray()).to(device),
            tensor(examples.SelectMany(e => e.Target).ToArray(), int64).to(device),
            tensor(examples.Select(e => (long)e.Task).ToArray()).to(device));
    }

    private static Tensor Padded(IReadOnlyList<int[]> rows, int width, Device device)
    {
        int[] padded = [.. rows.SelectMany(ids => ids.Concat(Enumerable.Repeat(0, width - ids.Length)))];
        return tensor(padded, int64).view(rows.Count, width).to(device);
    }

    private static Tensor Seen(IReadOnlyList<TrainingExample> examples, int width, int rowsInFront)
    {
        bool[] seen = [.. examples.SelectMany(e => Enumerable.Range(0, width).Select(i => i < rowsInFront + e.Input.Length))];
        return tensor(seen).view(examples.Count, width);
    }
}
