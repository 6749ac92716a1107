namespace SoftPromptGrpc.Core.Models;

/// <summary>How a checkpoint holds a tensor's numbers: float32, float16 or bfloat16.</summary>
public enum WeightPrecision { Full, Half, BFloat16 }
