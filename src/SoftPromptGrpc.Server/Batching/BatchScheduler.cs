using System.Threading.Channels;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>
/// The loop that owns a session. Work joins and leaves at step boundaries; see DESIGN.md. <see cref="Submit"/> and
/// <see cref="StopWork"/> are safe from several threads.
/// </summary>
internal sealed class BatchScheduler : IAsyncDisposable
{
    private readonly IInferenceSession _session;
    private readonly InferenceOptions _options;
    private readonly ILogger _logger;

    /// <summary>The loop sleeps on it on a thread of its own: whoever submits wakes it, with no other thread between.</summary>
    private readonly Channel<ISequenceWork> _arrivals = Channel.CreateUnbounded<ISequenceWork>(
        new() { SingleReader = true, AllowSynchronousContinuations = true });

    private readonly TenantLine<ISequenceWork> _waiting = new();
    private readonly List<RunningSequence> _running = [];
    private readonly Action<int>? _stepped;
    private readonly Task _loop;
    private int _queued;

    /// <summary>What the session had no memory for; asked again once a sequence has left.</summary>
    private ISequenceWork? _tooLarge;

    /// <summary>It had no memory for a branch.</summary>
    private bool _isFull;

    private volatile bool _stopped;
    private volatile Exception? _broken;

    /// <param name="session">Taken over: the loop alone touches it, and disposes it at its end.</param>
    /// <param name="stepped">Called with the number of sequences of each step.</param>
    public BatchScheduler(IInferenceSession session, InferenceOptions options, ILogger logger, Action<int>? stepped = null)
    {
        (_session, _options, _logger, _stepped) = (session, options, logger, stepped);
        MaxSequences = session.MaxSequences;
        _loop = Task.Factory.StartNew(Loop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public int MaxSequences { get; }

    /// <summary>Whether the session failed where it may not. It takes no work any longer.</summary>
    public bool IsBroken => _broken is not null;

    /// <inheritdoc cref="InferenceOptions.StreamInterval"/>
    public TimeSpan StreamInterval => _options.StreamInterval;

    /// <summary>Sequences that have a place; seen from outside the loop, a moment ago.</summary>
    public int Running { get; private set; }

    /// <summary>Requests that wait for a place.</summary>
    public int Queued => Volatile.Read(ref _queued);

    /// <summary>How the session's memory of prompts has served.</summary>
    public PrefixUse Prefixes => _session.Prefixes;

    /// <summary>Queues work; the loop answers through the work's own members.</summary>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: the queue is full.</exception>
    /// <exception cref="OperationCanceledException">The server stops.</exception>
    public void Submit(ISequenceWork work)
    {
        if (Interlocked.Increment(ref _queued) > _options.QueueLength)
        {
            Interlocked.Decrement(ref _queued);
            throw new SoftPromptException(ErrorKind.Overloaded, $"The queue is full: {_options.QueueLength} requests are waiting.")
            {
                Reason = "QUEUE_FULL",
            };
        }
        if (!_stopped && _arrivals.Writer.TryWrite(work))
            return;
        if (_broken is not { } exception)
            throw new OperationCanceledException("The server stops.");
        work.Fail(exception);
    }

    /// <summary>Ends all work at the next step boundary with what it has, and takes no more.</summary>
    public void StopWork() => _stopped = true;

    public async ValueTask DisposeAsync()
    {
        StopWork();
        _arrivals.Writer.TryComplete();
        await _loop;
    }

    private void Loop()
    {
        try
        {
            while (Receive())
            {
                Leave();
                Admit();
                Branch();
                if (_running.Count > 0)
                    Step();
            }
        }
        catch (Exception exception)
        {
            _logger.BatchBroken(exception);
            FailAll(exception);
        }
        _session.Dispose();
    }

    /// <summary>The session failed where it may not: nobody may wait for it any longer.</summary>
    private void FailAll(Exception exception)
    {
        _broken = exception;
        _arrivals.Writer.TryComplete();
        Queue();
        foreach (var work in _waiting.RemoveAll(_ => true).Concat(_running.Select(sequence => sequence.Work)))
            work.Fail(exception);
    }

    /// <summary>Takes what has arrived, and waits for it when there is nothing else to do.</summary>
    /// <returns>False at the end.</returns>
    private bool Receive()
    {
        if (_running.Count + _waiting.Count == 0 && !_arrivals.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            return false;
        Queue();
        return true;
    }

    private void Queue()
    {
        while (_arrivals.Reader.TryRead(out var work))
            _waiting.Add(work, work.Tenant, work.Group, work.Cost, work.Priority);
    }

    private void Leave()
    {
        if (_stopped)
        {
            foreach (var work in RemoveWaiting(_ => true))
                work.Stop();
            foreach (var sequence in _running)
                sequence.Work.Stop();
        }
        foreach (var work in RemoveWaiting(work => work.CancellationToken.IsCancellationRequested))
            work.Fail(new OperationCanceledException(work.CancellationToken));
        foreach (var sequence in _running.Where(sequence => sequence.Work.CancellationToken.IsCancellationRequested))
            sequence.Work.Fail(new OperationCanceledException(sequence.Work.CancellationToken));
        CloseFinished();
    }

    private List<ISequenceWork> RemoveWaiting(Predicate<ISequenceWork> match)
    {
        var removed = _waiting.RemoveAll(match);
        Interlocked.Add(ref _queued, -removed.Count);
        return removed;
    }

    /// <summary>As many as the session has room for. One that does not fit waits, and those behind it, unless it is alone.</summary>
    private void Admit()
    {
        while (_waiting.Count > 0 && _waiting.First != _tooLarge && (_running.Count < MaxSequences || MakeWay()))
        {
            var work = _waiting.First;
            try
            {
                _running.Add(new RunningSequence(work, _session, _session.Open(work.Start.Prompt, work.Capacity, work.Start.EncoderInput)));
                work.Admit();
            }
            catch (SoftPromptException full) when (full.Kind == ErrorKind.Overloaded && _running.Count > 0)
            {
                if (MakeWay())
                    continue;
                _tooLarge = work;
                return;
            }
            catch (Exception exception)
            {
                work.Fail(exception);
            }
            _waiting.RemoveFirst();
            Interlocked.Decrement(ref _queued);
        }
    }

    /// <summary>Takes a place from one of several that run parts of the same work.</summary>
    private bool MakeWay()
    {
        if (!_running.Exists(sequence => sequence.Work.TryLeave()))
            return false;
        CloseFinished();
        return true;
    }

    /// <summary>Gives the places that nobody waits for to parts of work that can be divided.</summary>
    private void Branch()
    {
        try
        {
            for (var i = 0; i < _running.Count && _running.Count < MaxSequences && _waiting.Count == 0 && !_isFull; i++)
            {
                while (_running.Count < MaxSequences && _running[i].Branch() is { } branch)
                    _running.Add(branch);
            }
        }
        catch (SoftPromptException full) when (full.Kind == ErrorKind.Overloaded)
        {
            _isFull = true;
        }
    }

    private void Step()
    {
        foreach (var sequence in _running)
            sequence.Prepare(_options.PrefillChunk);
        var plan = DecodeFirst.Plan([.. _running.Select(sequence => sequence.Planned)], _options.PrefillBudget);
        SequenceStep[] steps = [.. plan.Select(i => _running[i].Next)];
        Running = _running.Count;
        _stepped?.Invoke(steps.Length);
        try
        {
            var logits = _session.Run(steps);
            for (var i = 0; i < steps.Length; i++)
                Advance(_running[plan[i]], logits, i);
        }
        catch (Exception exception)
        {
            foreach (var i in plan)
                _running[i].Work.Fail(exception);
        }
        CloseFinished();
    }

    /// <summary>What one sequence's logits break is that sequence alone.</summary>
    private static void Advance(RunningSequence sequence, StepLogits logits, int step)
    {
        try
        {
            sequence.Advance(logits, step);
        }
        catch (Exception exception)
        {
            sequence.Work.Fail(exception);
        }
    }

    private void CloseFinished()
    {
        _running.RemoveAll(sequence =>
        {
            if (!sequence.Work.IsFinished)
                return false;
            sequence.Dispose();
            (_tooLarge, _isFull) = (null, false);
            return true;
        });
        Running = _running.Count;
    }
}
