using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training.Methods;

/// <summary>What is trained and how it becomes what is served: one record for each <see cref="PromptMethod"/>, with its settings.</summary>
public abstract record TrainingMethod
{
    private protected TrainingMethod()
    {
    }

    public abstract PromptMethod Kind { get; }

    /// <summary>Everything that the method keeps, by PEFT's names, in a fixed order.</summary>
    public abstract IReadOnlyList<TensorSlot> Tensors(ModelSpec spec, int virtualTokens);

    /// <summary>Numbers that <see cref="Tensors"/> have together, whatever could hold them.</summary>
    public long CountNumbers(ModelSpec spec, int virtualTokens) =>
        Tensors(spec, virtualTokens).Sum(slot => slot.Shape.Aggregate(1L, (product, length) => checked(product * length)));

    private protected static TensorSlot Embedding(int rows, int columns) => new("embedding.weight", [rows, columns]);

    /// <summary>A torch.nn.Linear.</summary>
    private protected static IEnumerable<TensorSlot> Linear(string name, int inputs, int outputs) =>
        [new($"{name}.weight", [outputs, inputs], inputs), new($"{name}.bias", [outputs], inputs)];
}

/// <summary>The place of a tensor in a method.</summary>
/// <param name="FanIn">For the weights of an encoder: their first values are uniform in ±1/sqrt(FanIn), as torch's. Else 0.</param>
/// <param name="IsFrozen">Kept and served, but not trained.</param>
/// <param name="IdleRows">
/// Rows that PEFT's tensor has besides, for an encoder-decoder's other half: they are never used and have no gradient, but they count
/// where an optimizer takes a mean over the tensor.
/// </param>
public sealed record TensorSlot(string Name, IReadOnlyList<int> Shape, int FanIn = 0, bool IsFrozen = false, int IdleRows = 0)
{
    public int Length => Shape.Aggregate(1, (product, length) => checked(product * length));
}
