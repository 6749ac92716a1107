using System.Diagnostics;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Inference;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>One request to a model: a span, with a span inside for each phase, and what <see cref="InferenceTelemetry"/> counts.</summary>
internal sealed class RequestTelemetry(InferenceTelemetry telemetry, string operation, CancellationToken cancellationToken) : IDisposable
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Activity? _span = Instruments.Spans.StartActivity(operation, ActivityKind.Internal);
    private string _model = "";
    private bool _isCompleted;

    /// <summary>In their order, without those that took no time.</summary>
    public static IEnumerable<(string Phase, TimeSpan Time)> Phases(WorkTimes times)
    {
        yield return ("queue", times.Queue);
        yield return ("prefill", times.Prefill);
        if (times.Decode > TimeSpan.Zero)
            yield return ("decode", times.Decode);
    }

    /// <summary>What it runs on is known.</summary>
    public void Resolved(Target target)
    {
        _model = target.Model.Id;
        if (_span is not { IsAllDataRequested: true })
            return;
        _span.DisplayName = $"{operation} {_model}";
        _span.SetTag(Instruments.Operation, operation);
        _span.SetTag(Instruments.Provider, Instruments.ProviderName);
        _span.SetTag(Instruments.Model, _model);
        if (target.PromptName.Length > 0)
            _span.SetTag(Instruments.Prompt, target.PromptName);
    }

    /// <param name="finish">Null where nothing was generated.</param>
    public void Completed(Usage usage, FinishReason? finish)
    {
        _isCompleted = true;
        telemetry.Completed(operation, Stopwatch.GetElapsedTime(_began), usage);
        if (_span is not { IsAllDataRequested: true })
            return;
        _span.SetTag("gen_ai.usage.input_tokens", usage.InputTokens);
        _span.SetTag("gen_ai.usage.output_tokens", usage.OutputTokens);
        if (finish is { } reason)
            _span.SetTag("gen_ai.response.finish_reasons", new[] { NameOf(reason) });
        TellPhases(_span, usage.Times);
    }

    public void Dispose()
    {
        if (!_isCompleted)
        {
            var error = cancellationToken.IsCancellationRequested ? "cancelled" : Instruments.Other;
            telemetry.Failed(operation, Stopwatch.GetElapsedTime(_began), _model, error);
            _span?.SetTag(Instruments.ErrorType, error);
            _span?.SetStatus(ActivityStatusCode.Error);
        }
        _span?.Dispose();
    }

    /// <summary>The loop took the times; the last of them ends now.</summary>
    private void TellPhases(Activity span, WorkTimes times)
    {
        var at = span.StartTimeUtc + Stopwatch.GetElapsedTime(_began) - (times.Queue + times.Prefill + times.Decode);
        foreach (var (phase, time) in Phases(times))
        {
            using var part = Instruments.Spans.StartActivity(phase, ActivityKind.Internal, span.Context, startTime: at);
            at += time;
            part?.SetEndTime(at);
        }
    }

    private static string NameOf(FinishReason reason) => reason switch
    {
        FinishReason.EndOfSequence or FinishReason.Stop => "stop",
        FinishReason.Length or FinishReason.ContextFull => "length",
        FinishReason.Cancelled => "cancelled",
    };
}
