using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>Bounds the series that prompts may make: thousands of them are served. Safe from several threads.</summary>
internal sealed class PromptSeries(IOptions<TelemetryOptions> options)
{
    private readonly ConcurrentDictionary<string, byte> _names = new(StringComparer.Ordinal);

    /// <param name="prompt">"name@version"; empty: none.</param>
    public string NameOf(string prompt)
    {
        if (prompt.Length == 0 || _names.ContainsKey(prompt))
            return prompt;
        // Racing threads may go past the bound by one each.
        return _names.Count < options.Value.MostPrompts && _names.TryAdd(prompt, 0) ? prompt : "_other";
    }
}
