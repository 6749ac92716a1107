namespace SoftPromptGrpc.Core.Models;

/// <summary>In what a backend that serves holds a model's matrices, if it can. Training is in float32 always.</summary>
public enum ServingPrecision
{
    /// <summary>Float32.</summary>
    Full,

    /// <summary>8-bit weights with one scale for each output, sums of whole numbers: no result depends on what else is in the batch.</summary>
    EightBit,
}
