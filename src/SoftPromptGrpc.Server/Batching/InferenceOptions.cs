using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>Bound from the "Inference" section and checked when the host starts.</summary>
public sealed class InferenceOptions
{
    public const string Section = "Inference";

    /// <summary>Name of the backend that serves requests that name none.</summary>
    [Required]
    public string Backend { get; set; } = "onnxruntime";

    /// <summary>Requests that may wait for a place in one model's batch; more are refused.</summary>
    [Range(1, 1_000_000)]
    public int QueueLength { get; set; } = 1024;

    /// <summary>
    /// Tokens of an input that are run at a time, and rows of a prompt. It decides rounding, so changing it may change outputs.
    /// </summary>
    [Range(1, 65536)]
    public int PrefillChunk { get; set; } = 128;

    /// <summary>Tokens of a stream that come within this time of its last message are sent with the next one; 0: at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan StreamInterval { get; set; } = TimeSpan.FromMilliseconds(4);

    /// <summary>Positions of inputs that one step may run beside the decoding sequences.</summary>
    [Range(1, 1_000_000)]
    public int PrefillBudget { get; set; } = 256;
}

[OptionsValidator]
internal sealed partial class InferenceOptionsValidator : IValidateOptions<InferenceOptions>;
