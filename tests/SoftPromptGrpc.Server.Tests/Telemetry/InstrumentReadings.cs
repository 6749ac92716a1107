using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace SoftPromptGrpc.Server.Tests.Telemetry;

/// <summary>What the instruments of one server record.</summary>
internal sealed class InstrumentReadings : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Reading> _readings = new();

    public InstrumentReadings(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == factory)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Asks what is only observed.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    /// <param name="tags">Those that a reading must have.</param>
    public List<double> Of(string instrument, params (string Key, string Value)[] tags) =>
    [
        .. from reading in _readings
           where reading.Instrument == instrument && tags.All(tag => reading.Tags.GetValueOrDefault(tag.Key) == tag.Value)
           select reading.Value,
    ];

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var copy = new Dictionary<string, string?>();
        foreach (var (key, tag) in tags)
            copy[key] = tag?.ToString();
        _readings.Enqueue(new Reading(instrument.Name, value, copy));
    }

    private sealed record Reading(string Instrument, double Value, IReadOnlyDictionary<string, string?> Tags);
}
