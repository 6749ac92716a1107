using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>Bounds the series that prompts may make: thousands of them are served. Safe from several threads.</summary>
internal sealed class PromptSeries(IOptions<TelemetryOptions> options)
{
    private readonly ConcurrentDictionary<(string Tenant, string Prompt), byte> _known = new();

    /// <param name="prompt">"name@version"; empty: none.</param>
    public string NameOf(string tenant, string prompt)
    {
        if (prompt.Length == 0 || _known.ContainsKey((tenant, prompt)))
            return prompt;
        // Racing threads may go past the bound by one each.
        return _known.Count < options.Value.MostPrompts && _known.TryAdd((tenant, prompt), 0) ? prompt : "_other";
    }
}
