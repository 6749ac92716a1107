using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training.Methods;

internal static class RepeatedText
{
    /// <summary>A text's ids, repeated to fill and cut to length.</summary>
    public static Tensor Of(int[] text, int length, Device device) =>
        tensor(Enumerable.Range(0, length).Select(i => (long)text[i % text.Length]).ToArray()).to(device);
}
