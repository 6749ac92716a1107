namespace SoftPromptGrpc.Core.Models;

/// <summary>What every architecture has: a <see cref="DecoderSpec"/> or an <see cref="EncoderDecoderSpec"/>.</summary>
public abstract record ModelSpec
{
    /// <summary>The <c>model_type</c> of config.json. For messages; nothing branches on it.</summary>
    public required string ModelType { get; init; }

    public required int VocabularySize { get; init; }
    public required int HiddenSize { get; init; }

    /// <summary>The encoder's, where there is one.</summary>
    public required int LayerCount { get; init; }

    public required int HeadCount { get; init; }
    public required int HeadSize { get; init; }

    /// <summary>The width inside the MLP.</summary>
    public required int MlpSize { get; init; }

    /// <summary>
    /// The most positions that one sequence may have, soft prompt included; where there is an encoder, the most that each of the
    /// two may have.
    /// </summary>
    public required int ContextLength { get; init; }

    /// <summary>
    /// The width of token embeddings and soft prompts: <see cref="HiddenSize"/>, unless there are projections from it before the
    /// first layer and back to it before the head (OPT-350m).
    /// </summary>
    public int EmbeddingSize { get => field > 0 ? field : HiddenSize; init; }

    /// <summary>What a token's embedding is multiplied by, but not a soft prompt's row, and not the tied head.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Positions left for the output.</summary>
    /// <param name="inputPositions">What prompt and input take.</param>
    /// <returns>0 or less where even these do not fit.</returns>
    public abstract int RoomBehind(int inputPositions);

    /// <summary>Every canonical tensor with its shape, in a fixed order.</summary>
    public abstract IReadOnlyList<(string Name, int[] Shape)> Tensors();

    /// <summary>How many numbers <see cref="Tensors"/> hold.</summary>
    public long CountParameters() => Tensors().Sum(tensor => tensor.Shape.Aggregate(1L, (count, length) => count * length));
}
