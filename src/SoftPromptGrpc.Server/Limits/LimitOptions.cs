using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Limits;

/// <summary>Bound from the "Limits" section and checked when the host starts: for every tenant, unless it has its own.</summary>
public sealed class LimitOptions : TenantLimits
{
    public const string Section = "Limits";

    /// <summary>What else holds for some of them, by tenant. What is not given is as for everybody.</summary>
    public IDictionary<string, TenantLimits> Tenants { get; } = new Dictionary<string, TenantLimits>(StringComparer.Ordinal);

    public TenantLimits Of(string tenant) => Tenants.TryGetValue(tenant, out var own) ? own.Or(this) : this;
}

/// <summary>What one tenant may use. Null: as much as there is.</summary>
public class TenantLimits
{
    [Range(0.001, 1_000_000)]
    public double? RequestsPerSecond { get; set; }

    /// <summary>How many requests may come at once; null: those of one second.</summary>
    [Range(1, 1_000_000)]
    public int? Burst { get; set; }

    /// <summary>Calls and streams that are under way at the same time.</summary>
    [Range(1, 1_000_000)]
    public int? ConcurrentRequests { get; set; }

    /// <summary>Trainings that wait or run at the same time.</summary>
    [Range(0, 1_000_000)]
    public int? Jobs { get; set; }

    /// <summary>Versions of prompts that are not deleted.</summary>
    [Range(0, int.MaxValue)]
    public int? StoredPrompts { get; set; }

    [Range(0, long.MaxValue)]
    public long? DatasetBytes { get; set; }

    /// <summary>Tokens of one request: those of its input and those that it may generate.</summary>
    [Range(1, int.MaxValue)]
    public int? TokensPerRequest { get; set; }

    /// <summary>How long a call may take, whatever its own deadline is. Not of trainings, which have their own.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan? RequestTimeout { get; set; }

    internal TenantLimits Or(TenantLimits others) => new()
    {
        RequestsPerSecond = RequestsPerSecond ?? others.RequestsPerSecond,
        Burst = Burst ?? others.Burst,
        ConcurrentRequests = ConcurrentRequests ?? others.ConcurrentRequests,
        Jobs = Jobs ?? others.Jobs,
        StoredPrompts = StoredPrompts ?? others.StoredPrompts,
        DatasetBytes = DatasetBytes ?? others.DatasetBytes,
        TokensPerRequest = TokensPerRequest ?? others.TokensPerRequest,
        RequestTimeout = RequestTimeout ?? others.RequestTimeout,
    };
}

[OptionsValidator]
internal sealed partial class TenantLimitsValidator : IValidateOptions<TenantLimits>;

internal sealed class LimitOptionsValidator : IValidateOptions<LimitOptions>
{
    private readonly TenantLimitsValidator _limits = new();

    public ValidateOptionsResult Validate(string? name, LimitOptions options)
    {
        var failures = new List<string>(_limits.Validate(LimitOptions.Section, options).Failures ?? []);
        foreach (var (tenant, limits) in options.Tenants)
            failures.AddRange(_limits.Validate($"{LimitOptions.Section}:Tenants:{tenant}", limits).Failures ?? []);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
