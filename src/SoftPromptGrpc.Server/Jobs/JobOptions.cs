using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Bound from the "Jobs" section and checked when the host starts.</summary>
public sealed class JobOptions
{
    public const string Section = "Jobs";

    /// <summary>The training backend of jobs that name none.</summary>
    [Required]
    public string Backend { get; set; } = "torch";

    /// <summary>How many jobs may wait; further ones are refused.</summary>
    [Range(1, 100_000)]
    public int MaxQueued { get; set; } = 1000;

    /// <summary>A job that was running at so many crashes of the server, without a checkpoint in between, is not begun again.</summary>
    [Range(1, 1000)]
    public int MaxCrashes { get; set; } = 3;

    /// <summary>Optimizer steps between the checkpoints of jobs that do not say.</summary>
    [Range(1, 1_000_000)]
    public int CheckpointInterval { get; set; } = 50;

    /// <summary>With slow steps, the time after which there is a checkpoint although its step has not come.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan CheckpointPeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>About how many events of a job are kept; of more, old steps and the like are thinned.</summary>
    [Range(16, 1_000_000)]
    public int MaxEvents { get; set; } = 2000;

    /// <summary>How long the events of steps may wait to be stored together.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan EventDelay { get; set; } = TimeSpan.FromMilliseconds(200);
}

[OptionsValidator]
internal sealed partial class JobOptionsValidator : IValidateOptions<JobOptions>;
