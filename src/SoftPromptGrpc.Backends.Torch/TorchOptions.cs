using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Bound from the "Torch" section and checked when the host starts.</summary>
public sealed class TorchOptions
{
    public const string Section = "Torch";

    /// <summary>"cpu", "cuda" or "cuda:N".</summary>
    [Required]
    public string Device { get; set; } = DeviceName.Cpu;

    /// <summary>
    /// Threads for one operation; 0: as many as there are physical cores. Results are the same bits only for the same number.
    /// </summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>How many sequences an inference session keeps open at once.</summary>
    [Range(1, 4096)]
    public int MaxSequences { get; set; } = 16;
}

[OptionsValidator]
internal sealed partial class TorchOptionsValidator : IValidateOptions<TorchOptions>;
