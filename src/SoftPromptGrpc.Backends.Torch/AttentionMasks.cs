using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// P: positions of the prefix, T: positions behind it, H: query heads.
/// <summary>What is added to scaled query-key products: 0 or a bias where a query sees a key, else minus infinity.</summary>
internal static class AttentionMasks
{
    /// <summary>[T, P + T]: a query sees the positions up to its own; with a window only the nearest.</summary>
    /// <param name="first">P.</param>
    public static Tensor Causal(long first, long length, Device device, int? window = null)
    {
        using var scope = NewDisposeScope();
        var seen = ones(length, first + length, dtype: ScalarType.Bool, device: device).tril(first);
        if (window is { } positions)
            seen = seen.logical_and(ones_like(seen).triu(first + 1 - positions));
        return zeros(seen.shape, device: device).masked_fill(seen.logical_not(), float.NegativeInfinity).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One for each layer, layers of one kind sharing theirs: [T, P + T], with biases [H, T, P + T], or null where plain causal
    /// attention does the same.
    /// </summary>
    /// <param name="first">P.</param>
    public static Tensor?[] Of(DecoderSpec spec, long first, long length, Device device)
    {
        var keys = first + length;
        var biases = spec.Alibi is { } alibi
            ? tensor(AlibiBiases.Table(alibi, (int)keys)).view(spec.HeadCount, 1, keys).to(device)
            : null;
        int?[] windows = [.. Enumerable.Range(0, spec.LayerCount).Select(layer => Narrower(spec.AttentionOf(layer).SlidingWindow, keys))];
        var masks = windows.Distinct().Select(window => (Window: window, Mask: Mask(window))).ToList();
        return [.. windows.Select(window => masks.Find(m => m.Window == window).Mask)];

        Tensor? Mask(int? window)
        {
            if (window is null && first == 0 && biases is null)
                return null;
            var causal = Causal(first, length, device, window);
            return biases is null ? causal : biases + causal;
        }
    }

    private static int? Narrower(int? window, long keys) => window < keys ? window : null;
}
