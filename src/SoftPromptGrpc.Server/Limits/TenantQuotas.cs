using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Limits;

/// <summary>What the tenant that work is done for may use. Safe from several threads.</summary>
internal sealed class TenantQuotas(IOptions<LimitOptions> options, TenantScope tenant, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, TenantGate> _gates = new(StringComparer.Ordinal);

    public TenantGate Gate => _gates.GetOrAdd(tenant.Name, name => new TenantGate(name, options.Value.Of(name), time));

    public string Tenant => tenant.Name;

    private TenantLimits Limits => Gate.Limits;

    /// <param name="tokens">Of the input, and those that may be generated.</param>
    public void RequireTokens(long tokens) => Require(
        "TokensPerRequest", Limits.TokensPerRequest, tokens, most => $"A request may take {most} tokens with those that it generates, not {tokens}.");

    /// <param name="active">Trainings of the tenant that wait or run already.</param>
    public void RequireJob(int active) => Require(
        "Jobs", Limits.Jobs, active + 1, most => $"{active} trainings wait or run, of at most {most}.", TimeSpan.FromSeconds(10));

    /// <param name="stored">The tenant's prompts so far.</param>
    public void RequirePrompt(int stored) => Require(
        "StoredPrompts", Limits.StoredPrompts, stored + 1, most => $"{stored} versions of prompts are stored, of at most {most}: delete some first.");

    /// <param name="stored">Of the tenant's datasets so far.</param>
    /// <param name="more">Of the one that comes.</param>
    public void RequireDatasetBytes(long stored, long more) => Require(
        "DatasetBytes", Limits.DatasetBytes, stored + more, most => $"Datasets may have {most} bytes together, and {stored} are there already.");

    /// <returns>How many tokens a request that says nothing may generate: the default or what is left, but one at least.</returns>
    public int TokensLeft(int inputTokens, int byDefault) =>
        Limits.TokensPerRequest is { } most ? Math.Clamp(most - inputTokens, 1, byDefault) : byDefault;

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>.</exception>
    private void Require(string limit, long? most, long wanted, Func<long, string> message, TimeSpan? retryAfter = null)
    {
        if (wanted > most)
            throw new Quota(limit, tenant.Name, most.Value, retryAfter).Exceeded(message(most.Value));
    }
}
