using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training.Methods;

/// <summary>A KV cache trained directly, best begun from a text's (Eyuboglu et al. 2025, "Cartridges").</summary>
/// <param name="FrozenTokens">Leading virtual tokens that stay as they begin: the first is an attention sink. At least one is trained.</param>
public sealed record Cartridge(int FrozenTokens = 1) : TrainingMethod
{
    public const string Frozen = "frozen_embedding";
    public const string Trainable = "trainable_embedding";

    public override PromptMethod Kind => PromptMethod.Cartridge;

    public override IReadOnlyList<TensorSlot> Tensors(ModelSpec spec, int virtualTokens)
    {
        var width = PrefixLayout.WidthOf(spec);
        var trainable = new TensorSlot(Trainable, [virtualTokens - FrozenTokens, width]);
        return FrozenTokens == 0 ? [trainable] : [new TensorSlot(Frozen, [FrozenTokens, width], IsFrozen: true), trainable];
    }
}
