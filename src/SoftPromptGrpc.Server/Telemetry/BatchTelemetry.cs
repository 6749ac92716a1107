using System.Diagnostics;
using System.Diagnostics.Metrics;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>How full the batches are, and how well prompts are remembered.</summary>
internal sealed class BatchTelemetry
{
    private readonly Histogram<int> _size;

    public BatchTelemetry(IMeterFactory meters, Func<IEnumerable<OpenScheduler>> schedulers)
    {
        var meter = meters.CreateMeter();
        _size = meter.CreateHistogram(
            "softprompt.batch.size", "{sequence}", "Sequences of one step.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128] });
        IEnumerable<Measurement<long>> Each(Func<BatchScheduler, long> value) =>
            schedulers().Select(open => new Measurement<long>(value(open.Scheduler), Tags(open.Model, open.Backend)));
        IEnumerable<Measurement<long>> EachUse(Func<PrefixUse, long> value) => Each(scheduler => value(scheduler.Prefixes));
        meter.CreateObservableGauge("softprompt.batch.running", () => Each(s => s.Running), "{sequence}", "Sequences with a place.");
        meter.CreateObservableGauge("softprompt.batch.waiting", () => Each(s => s.Queued), "{request}", "Requests that wait for a place.");
        meter.CreateObservableCounter(
            "softprompt.prefix.hits", () => EachUse(use => use.Hits), "{sequence}", "Sequences that began with remembered keys and values.");
        meter.CreateObservableCounter(
            "softprompt.prefix.misses", () => EachUse(use => use.Misses), "{sequence}", "Sequences whose prompt had to be computed.");
        meter.CreateObservableGauge(
            "softprompt.prefix.size", () => EachUse(use => use.Bytes), "By", "Memory of the keys and values that are remembered.");
    }

    /// <summary>What a scheduler calls with the number of sequences of each of its steps.</summary>
    public Action<int> Steps(string model, string backend)
    {
        var tags = new TagList(Tags(model, backend));
        return sequences => _size.Record(sequences, tags);
    }

    private static KeyValuePair<string, object?>[] Tags(string model, string backend) =>
        [new(Instruments.Model, model), new(Instruments.Backend, backend)];
}

internal sealed record OpenScheduler(string Model, string Backend, BatchScheduler Scheduler);
