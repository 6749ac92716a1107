using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>Bound from the "Datasets" section and checked when the host starts.</summary>
public sealed class DatasetOptions
{
    public const string Section = "Datasets";

    /// <summary>The largest dataset that may be uploaded.</summary>
    [Range(1, 1L << 40)]
    public long MaxBytes { get; set; } = 256L << 20;

    /// <summary>How many examples a dataset may have: its report remembers a few bytes of each.</summary>
    [Range(1, 100_000_000)]
    public int MaxRows { get; set; } = 1_000_000;

    /// <summary>The largest example, in bytes as it is uploaded.</summary>
    [Range(64, 64 << 20)]
    public int MaxRowBytes { get; set; } = 1 << 20;

    /// <summary>How long an interrupted upload can be continued.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan ResumeWindow { get; set; } = TimeSpan.FromDays(1);
}

[OptionsValidator]
internal sealed partial class DatasetOptionsValidator : IValidateOptions<DatasetOptions>;
