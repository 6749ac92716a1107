using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>Bound from the "Prompts" section and checked when the host starts.</summary>
public sealed class PromptOptions
{
    public const string Section = "Prompts";

    /// <summary>How many bytes of prompts are kept in memory.</summary>
    [Range(0, long.MaxValue)]
    public long CacheBytes { get; set; } = 256L << 20;

    /// <summary>The largest adapter that may be imported.</summary>
    [Range(1, 1 << 30)]
    public int MaxImportBytes { get; set; } = 64 << 20;

    /// <summary>How long a deleted prompt can be undeleted before it is removed for good.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan UndeleteWindow { get; set; } = TimeSpan.FromDays(30);
}

[OptionsValidator]
internal sealed partial class PromptOptionsValidator : IValidateOptions<PromptOptions>;
