using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training.Methods;

internal static class SlotTensor
{
    /// <summary>A copy in the slot's shape, in the current dispose scope.</summary>
    public static Tensor ToDevice(this TensorSlot slot, float[] values, Device device)
    {
        using var scope = NewDisposeScope();
        return tensor(values).view([.. slot.Shape.Select(length => (long)length)]).to(device).MoveToOuterDisposeScope();
    }
}
