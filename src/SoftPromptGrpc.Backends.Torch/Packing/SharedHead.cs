using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Packing;

internal static class SharedHead
{
    /// <summary>
    /// The tokens that all inputs begin with, such as a template's; but not the whole of an input, whose last token predicts something.
    /// </summary>
    public static int[] Of(IEnumerable<TrainingExample> examples)
    {
        ReadOnlySpan<int> head = default;
        foreach (var (index, example) in examples.Index())
        {
            ReadOnlySpan<int> input = example.Input.AsSpan(0, Math.Max(0, example.Input.Length - 1));
            head = index == 0 ? input : head[..head.CommonPrefixLength(input)];
        }
        return head.ToArray();
    }
}
