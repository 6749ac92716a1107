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

    /// <summary>
    /// What libtorch's threads do while they wait for each other: "passive" gives their cores away; "active" keeps them, which takes 6 to
    /// 10 % less time on idle cores and a multiple on shared ones. The process's first training or session decides; an OMP_WAIT_POLICY in
    /// the environment goes before.
    /// </summary>
    [Required]
    [RegularExpression("^(passive|active)$")]
    public string WaitPolicy { get; set; } = "passive";

    /// <summary>
    /// How far a training's threads stand back behind others, such as those that serve, where cores are short: 0, not at all, to 19, as
    /// Linux's nice. Elsewhere without effect.
    /// </summary>
    [Range(0, 19)]
    public int TrainingNiceness { get; set; }

    /// <summary>
    /// Input and target tokens of one forward and backward pass: a larger batch takes several, with the same gradient. It bounds a step's
    /// memory; an example alone may have more.
    /// </summary>
    [Range(1, 1 << 24)]
    public int TokensPerPass { get; set; } = 2048;

    /// <summary>How many sequences an inference session keeps open at once.</summary>
    [Range(1, 4096)]
    public int MaxSequences { get; set; } = 16;
}

[OptionsValidator]
internal sealed partial class TorchOptionsValidator : IValidateOptions<TorchOptions>;
