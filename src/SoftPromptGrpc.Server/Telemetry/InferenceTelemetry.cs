using System.Diagnostics;
using System.Diagnostics.Metrics;
using SoftPromptGrpc.Server.Inference;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>
/// What requests to the models are seen to do, by the metrics that OpenTelemetry has for servers of generative AI. Safe from several
/// threads.
/// </summary>
internal sealed class InferenceTelemetry
{
    public const string Generate = "text_completion";
    public const string Score = "score";
    public const string Classify = "classify";

    private readonly PromptSeries _series;
    private readonly TenantScope _tenant;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _tokenTime;
    private readonly Histogram<double> _phases;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _tokens;
    private readonly Counter<double> _time;

    public InferenceTelemetry(IMeterFactory meters, PromptSeries series, TenantScope tenant)
    {
        (_series, _tenant) = (series, tenant);
        var meter = meters.CreateMeter();
        _duration = meter.CreateHistogram(
            "gen_ai.server.request.duration", "s", "Time of a request, to its last token.", advice: Instruments.Seconds);
        _firstToken = meter.CreateHistogram(
            "gen_ai.server.time_to_first_token", "s", "From a request's arrival in the queue to its first token.",
            advice: Instruments.Seconds);
        _tokenTime = meter.CreateHistogram(
            "gen_ai.server.time_per_output_token", "s", "Mean time of each token after a request's first.",
            advice: Instruments.TokenSeconds);
        _phases = meter.CreateHistogram(
            "softprompt.request.phase.duration", "s", "Time of a request in the queue, in prefill and in decode.",
            advice: Instruments.Seconds);
        _requests = meter.CreateCounter<long>(Instruments.PerPrompt + "requests", "{request}", "Requests answered, by prompt.");
        _tokens = meter.CreateCounter<long>(Instruments.PerPrompt + "tokens", "{token}", "Tokens read and written, by prompt.");
        _time = meter.CreateCounter<double>(Instruments.PerPrompt + "time", "s", "Time of requests by phase, by prompt.");
    }

    /// <param name="operation"><see cref="Generate"/>, <see cref="Score"/> or <see cref="Classify"/>.</param>
    /// <returns>Dispose it at the request's end.</returns>
    public RequestTelemetry Begin(string operation, CancellationToken cancellationToken) => new(this, operation, cancellationToken);

    public void Completed(string operation, TimeSpan duration, Usage usage)
    {
        var (model, times) = (usage.Target.Model.Id, usage.Times);
        var tags = Tags(operation, model);
        _duration.Record(duration.TotalSeconds, tags);
        _firstToken.Record((times.Queue + times.Prefill).TotalSeconds, tags);
        if (usage.OutputTokens > 1 && times.Decode > TimeSpan.Zero)
            _tokenTime.Record(times.Decode.TotalSeconds / (usage.OutputTokens - 1), tags);
        var prompt = new TagList
        {
            { Instruments.Model, model },
            { Instruments.Tenant, _tenant.Name },
            { Instruments.Prompt, _series.NameOf(_tenant.Name, usage.Target.PromptName) },
        };
        _requests.Add(1, With(prompt, Instruments.Operation, operation));
        _tokens.Add(usage.InputTokens, With(prompt, Instruments.TokenType, "input"));
        _tokens.Add(usage.OutputTokens, With(prompt, Instruments.TokenType, "output"));
        foreach (var (phase, time) in RequestTelemetry.Phases(times))
        {
            _phases.Record(time.TotalSeconds, With(tags, Instruments.Phase, phase));
            _time.Add(time.TotalSeconds, With(prompt, Instruments.Phase, phase));
        }
    }

    public void Failed(string operation, TimeSpan duration, string model, string error) =>
        _duration.Record(duration.TotalSeconds, With(Tags(operation, model), Instruments.ErrorType, error));

    private static TagList Tags(string operation, string model) => new()
    {
        { Instruments.Operation, operation },
        { Instruments.Provider, Instruments.ProviderName },
        { Instruments.Model, model },
    };

    private static TagList With(TagList tags, string key, string value)
    {
        tags.Add(key, value);
        return tags;
    }
}
