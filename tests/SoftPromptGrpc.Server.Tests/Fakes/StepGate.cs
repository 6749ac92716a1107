using System.Collections.Concurrent;
using System.Threading.Channels;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Server.Tests.Fakes;

/// <summary>Lets a session's steps begin when a test says so, and records them.</summary>
internal sealed class StepGate
{
    private readonly Channel<bool> _permits = Channel.CreateUnbounded<bool>();
    private readonly Channel<bool> _entered = Channel.CreateUnbounded<bool>();
    private readonly ConcurrentQueue<SequenceStep[]> _steps = new();
    private volatile bool _isOpen;

    /// <summary>Those that were let through.</summary>
    public IReadOnlyCollection<SequenceStep[]> Steps => _steps;

    /// <summary>To be called at the beginning of each step.</summary>
    public void Pass(IReadOnlyList<SequenceStep> steps)
    {
        _entered.Writer.TryWrite(true);
        if (!_isOpen)
            _permits.Reader.ReadAsync().AsTask().GetAwaiter().GetResult();
        _steps.Enqueue([.. steps]);
    }

    public void Allow(int steps)
    {
        for (var i = 0; i < steps; i++)
            _permits.Writer.TryWrite(true);
    }

    public void Open()
    {
        _isOpen = true;
        Allow(1);
    }

    /// <summary>Completes when a step waits at the gate, or has passed it.</summary>
    public Task Entered() => _entered.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();

    /// <summary>Completes when the loop waits at the gate behind this many steps.</summary>
    public async Task Reached(int steps)
    {
        for (var i = 0; i <= steps; i++)
            await Entered();
    }
}
