using System.Threading.Channels;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>Generates one request's tokens on the loop and publishes them to its caller.</summary>
internal sealed class GenerationWork(GenerationPlan plan, TimeProvider time, CancellationToken cancellationToken) : ISequenceWork
{
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(
        new() { SingleReader = true, SingleWriter = true });

    private readonly Sampler _sampler = new(plan.Sampling, plan.Start.Tokens);
    private readonly OutputGate _output = new(plan.Stops);
    private readonly WorkClock _clock = new(time);
    private int _prefilled;
    private int _generated;
    private int _last;
    private long? _published;

    public SequenceStart Start => plan.Start;

    public int Capacity => Start.PromptPositions + Start.Tokens.Length + plan.MaxNewTokens;

    public string Tenant => plan.Tenant;

    public int Priority => plan.Priority;

    public CancellationToken CancellationToken => cancellationToken;

    public bool IsFinished { get; private set; }

    public bool IsDecoding => _generated > 0;

    /// <summary>Ends with a <see cref="GenerationEnd"/>, or throws what ended it.</summary>
    public async IAsyncEnumerable<GenerationEvent> ReadAsync()
    {
        while (await _events.Reader.WaitToReadAsync(cancellationToken))
        {
            // A reader that lags behind gets at once what has come meanwhile.
            var parts = default(OutputPart);
            while (_events.Reader.TryRead(out var happened))
            {
                if (happened is OutputPart part)
                {
                    parts = parts is null ? part : parts.Join(part);
                    continue;
                }
                if (parts is not null)
                    yield return parts;
                parts = null;
                yield return happened;
            }
            if (parts is not null)
                yield return parts;
        }
    }

    public void Admit() => _clock.Admit();

    public ReadOnlyMemory<int> NextTokens(int chunk) =>
        IsDecoding ? new[] { _last } : Start.Tokens.AsMemory(_prefilled, Math.Min(chunk, Start.Tokens.Length - _prefilled));

    public int LogitRows(ReadOnlyMemory<int> tokens) => IsDecoding || _prefilled + tokens.Length == Start.Tokens.Length ? 1 : 0;

    public void Advance(ReadOnlyMemory<int> tokens, StepLogits logits, int step)
    {
        var isLastOfInput = LogitRows(tokens) == 1;
        if (!IsDecoding)
            _prefilled += tokens.Length;
        if (isLastOfInput)
            Choose(logits.Row(step, 0));
    }

    public void Stop()
    {
        _output.End();
        Finish(FinishReason.Cancelled);
    }

    public void Fail(Exception exception)
    {
        IsFinished = true;
        _events.Writer.TryComplete(exception);
    }

    private void Choose(ReadOnlySpan<float> logits)
    {
        IReadOnlyCollection<int> excluded = _generated < plan.Stops.MinNewTokens ? plan.EndOfSequence : [];
        _last = _generated == 0 && plan.ForcedFirst is { } forced ? forced : _sampler.Next(logits, excluded);
        _clock.Token();
        if (plan.ForcesEnd && _generated == plan.MaxNewTokens - 1)
        {
            EndAtLimit();
            return;
        }
        if (plan.EndOfSequence.Contains(_last))
        {
            End(FinishReason.EndOfSequence);
            return;
        }
        _generated++;
        _output.Append(OutputToken.From(_last, logits, plan.Alternatives));
        if (_output.Stopped)
            Finish(FinishReason.Stop);
        else if (_generated == plan.MaxNewTokens)
            EndAtLimit();
        else if (plan.IsStreamed && (_published is not { } published || time.GetElapsedTime(published) >= plan.StreamInterval))
            Publish();
    }

    private void EndAtLimit() => End(plan.EndsWithContext ? FinishReason.ContextFull : FinishReason.Length);

    private void End(FinishReason reason)
    {
        _output.End();
        Finish(_output.Stopped ? FinishReason.Stop : reason);
    }

    private void Finish(FinishReason reason)
    {
        Publish();
        IsFinished = true;
        _events.Writer.TryWrite(new GenerationEnd(reason, _output.StopText, _clock.Times));
        _events.Writer.TryComplete();
    }

    private void Publish()
    {
        var (text, tokens) = _output.Take();
        if (text.Length == 0 && tokens.Count == 0)
            return;
        _published = time.GetTimestamp();
        _events.Writer.TryWrite(new OutputPart(text, tokens));
    }
}
