using System.Diagnostics;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests;

/// <summary>Measures the process, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public abstract class MemoryTests(Sessions sessions)
{
    private const long Slack = 16L << 20;

    private readonly DecoderSpec _spec = RandomModel.Small;

    [Fact]
    public async Task Sequences_OpenedAndClosedManyTimes_LeaveNoGrowth()
    {
        using var session = await sessions.OpenAsync(_spec, o => o.PrefillChunk = 16);
        Cycle(200);
        var before = ResidentBytes();

        Cycle(1000);

        Assert.InRange(ResidentBytes() - before, long.MinValue, Slack);

        void Cycle(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var tokens = RandomModel.Tokens(_spec, 1 + i % 20, (ulong)i);
                using var first = session.Open(RandomModel.Prompt(_spec, 1 + i % 7, (ulong)i), 30);
                using var second = session.Open(null, 30);
                session.Run([new(first, tokens), new(second, tokens)]);
                session.Run([new(first, tokens.AsMemory(0, 1)), new(second, tokens.AsMemory(0, 1))]);
                if (i % 100 == 0)
                    GC.Collect();
            }
        }
    }

    [Fact]
    public async Task Sessions_OpenedAndClosedManyTimes_LeaveNoGrowth()
    {
        // A chunk of logits is 12 MiB, which the last step writes to: a session that is not freed shows.
        var spec = _spec with { ContextLength = 160, VocabularySize = 20_000 };
        await CycleAsync(3);
        var growths = new List<long>();
        for (var round = 0; round < 3; round++)
        {
            var before = ResidentBytes();
            await CycleAsync(10);
            growths.Add(ResidentBytes() - before);
        }

        // A leak grows in every round; what the allocator keeps for later does not.
        Assert.InRange(growths.Min(), long.MinValue, Slack);

        async Task CycleAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var session = await sessions.OpenAsync(spec);
                using var sequence = session.Open(null, 160);
                session.Run([new SequenceStep(sequence, RandomModel.Tokens(spec, 160, 1), 160)]);
            }
        }
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}

[Collection(nameof(MemoryTests))]
public sealed class PagedMemoryTests(Sessions sessions) : MemoryTests(sessions), IClassFixture<Sessions>;

[Collection(nameof(MemoryTests))]
public sealed class StandardMemoryTests(StandardSessions sessions) : MemoryTests(sessions), IClassFixture<StandardSessions>;
