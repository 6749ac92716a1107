using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Models;

/// <summary>How weights that a checkpoint holds in 16 bits are held in memory. What is computed stays float32.</summary>
public enum WeightMemory
{
    /// <summary>In 16 bits where float32 would take more than a quarter of this machine's memory.</summary>
    Auto,

    /// <summary>In float32: the fastest.</summary>
    Full,

    /// <summary>In 16 bits, by the backends that can.</summary>
    Keep,
}

internal static class WeightMemories
{
    private const int Share = 4;

    /// <param name="machine">The memory that there is, in bytes.</param>
    public static BaseModel Apply(this WeightMemory choice, BaseModel model, long machine) => model with
    {
        KeepsPrecision = choice switch
        {
            WeightMemory.Auto => model.WeightBytes(keepsPrecision: false) > machine / Share,
            WeightMemory.Full => false,
            WeightMemory.Keep => true,
        },
    };
}
