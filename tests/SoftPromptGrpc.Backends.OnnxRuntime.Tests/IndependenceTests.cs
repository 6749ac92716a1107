using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests;

/// <summary>A sequence's logits in company are those it has alone, bit for bit.</summary>
public abstract class IndependenceTests(Sessions sessions)
{
    private const int Steps = 12;
    private const int Chunk = 16;

    [Theory]
    [MemberData(nameof(RandomSpecs.Names), MemberType = typeof(RandomSpecs))]
    public Task Run_SequencesJoinAndLeave_EachAsAlone(string name) =>
        JoinAndLeaveAsync(RandomSpecs.Get(name), o => o.PrefillChunk = Chunk, ServingPrecision.Full);

    [Theory]
    [MemberData(nameof(RandomSpecs.Names), MemberType = typeof(RandomSpecs))]
    public Task Run_OnlyOnnxRuntimesOperators_EachAsAlone(string name) => JoinAndLeaveAsync(
        RandomSpecs.Get(name),
        o =>
        {
            o.PrefillChunk = Chunk;
            o.OwnOperators = false;
        },
        ServingPrecision.Full);

    [Theory]
    [MemberData(nameof(RandomSpecs.Names), MemberType = typeof(RandomSpecs))]
    public Task Run_In8Bits_EachAsAlone(string name) =>
        JoinAndLeaveAsync(RandomSpecs.Get(name), o => o.PrefillChunk = Chunk, ServingPrecision.EightBit);

    private async Task JoinAndLeaveAsync(DecoderSpec spec, Action<OnnxOptions> configure, ServingPrecision precision)
    {
        var requests = Requests(spec);
        var alone = await AloneAsync(spec, requests, configure, precision);
        using var session = await sessions.OpenAsync(spec, configure, precision);
        var together = requests.Select(_ => new List<float[]>()).ToList();
        var running = new List<(int Request, ISequence Sequence)>();
        for (var step = 0; running.Count > 0 || step < requests.Count; step++)
        {
            // One request joins at each step; each leaves after its last token.
            if (step < requests.Count)
                running.Add((step, session.Open(requests[step].Prompt, requests[step].Capacity)));
            var steps = running.Select(r => requests[r.Request].Step(r.Sequence, together[r.Request].Count)).ToList();
            var logits = session.Run(steps);
            for (var i = 0; i < steps.Count; i++)
                together[running[i].Request].Add(logits.Row(i, 0).ToArray());
            foreach (var (_, sequence) in running.Where(r => together[r.Request].Count == Steps))
                sequence.Dispose();
            running.RemoveAll(r => together[r.Request].Count == Steps);
        }

        for (var i = 0; i < requests.Count; i++)
            Assert.Equal(alone[i], together[i]);
    }

    [Fact]
    public async Task Run_OnlySomeSequencesAdvance_EachAsAlone()
    {
        var spec = RandomModel.Small;
        var requests = Requests(spec);
        var alone = await AloneAsync(spec, requests, o => o.PrefillChunk = Chunk, ServingPrecision.Full);
        using var session = await sessions.OpenAsync(spec, o => o.PrefillChunk = Chunk);
        var together = requests.Select(_ => new List<float[]>()).ToList();
        var sequences = requests.Select(r => session.Open(r.Prompt, r.Capacity)).ToList();

        for (var step = 0; together.Any(t => t.Count < Steps); step++)
        {
            var chosen = Enumerable.Range(0, requests.Count).Where(i => together[i].Count < Steps && (i + step) % 3 != 0).Reverse().ToList();
            if (chosen.Count == 0)
                continue;
            var logits = session.Run([.. chosen.Select(i => requests[i].Step(sequences[i], together[i].Count))]);
            for (var i = 0; i < chosen.Count; i++)
                together[chosen[i]].Add(logits.Row(i, 0).ToArray());
        }

        for (var i = 0; i < requests.Count; i++)
            Assert.Equal(alone[i], together[i]);
        sequences.ForEach(s => s.Dispose());
    }

    [Theory]
    [InlineData("rotary")]
    [InlineData("alibi")]
    [InlineData("soft_caps")]
    [InlineData("query_key_norm")]
    public async Task Run_MoreThreadsThanHeads_LongSequenceAsAlone(string name)
    {
        // ONNX Runtime may split a lone sequence's keys among idle threads; large heads make the pieces small.
        var small = RandomSpecs.Get(name);
        var spec = small with
        {
            LayerCount = 1,
            HeadCount = 2,
            KeyValueHeadCount = 1,
            HeadSize = 256,
            Rotary = small.Rotary is null ? null : new(10000, 256),
            Alibi = small.Alibi is null ? null : new([0.25f, 0.0625f]),
            ContextLength = 800,
        };
        using var session = await sessions.OpenAsync(spec, o => o.IntraOpThreads = 16);
        var tokens = RandomModel.Tokens(spec, 701, 3);
        using var first = session.Open(null, 800);
        using var second = session.Open(null, 800);
        session.Run([new(first, tokens.AsMemory(0, 700)), new(second, tokens.AsMemory(0, 700))]);

        var alone = session.Run([new(first, tokens.AsMemory(700))]).Row(0, 0).ToArray();
        using var third = session.Open(null, 800);
        session.Run([new(third, tokens.AsMemory(0, 700))]);
        var together = session.Run([new(third, tokens.AsMemory(700)), new(second, tokens.AsMemory(700))]).Row(0, 0).ToArray();

        Assert.Equal(alone, together);
    }

    private async Task<List<List<float[]>>> AloneAsync(
        DecoderSpec spec, List<Request> requests, Action<OnnxOptions> configure, ServingPrecision precision)
    {
        var all = new List<List<float[]>>();
        foreach (var request in requests)
        {
            using var session = await sessions.OpenAsync(spec, configure, precision);
            using var sequence = session.Open(request.Prompt, request.Capacity);
            var logits = new List<float[]>();
            while (logits.Count < Steps)
                logits.Add(session.Run([request.Step(sequence, logits.Count)]).Row(0, 0).ToArray());
            all.Add(logits);
        }
        return all;
    }

    private static List<Request> Requests(DecoderSpec spec)
    {
        int[] lengths = [5, 1, 33, 16, 2, 90, 17];
        return
        [
            .. lengths.Select((length, i) => new Request(
                Prompt(spec, i),
                RandomModel.Tokens(spec, length + Steps, 100 + (ulong)i),
                length)),
        ];
    }

    private static ServedPrompt? Prompt(DecoderSpec spec, int i) => (i % 3) switch
    {
        0 => null,
        1 => RandomModel.Prompt(spec, 3 + 8 * i, (ulong)i),
        _ => RandomModel.Prefix(spec, 3 + 8 * i, (ulong)i),
    };

    private sealed record Request(ServedPrompt? Prompt, int[] Tokens, int FirstLength)
    {
        public int Capacity => (Prompt?.VirtualTokens ?? 0) + Tokens.Length;

        public SequenceStep Step(ISequence sequence, int step) => new(
            sequence, step == 0 ? Tokens.AsMemory(0, FirstLength) : Tokens.AsMemory(FirstLength + step - 1, 1));
    }
}

public sealed class PagedIndependenceTests(Sessions sessions) : IndependenceTests(sessions), IClassFixture<Sessions>;

public sealed class StandardIndependenceTests(StandardSessions sessions) : IndependenceTests(sessions), IClassFixture<StandardSessions>;

public sealed class HalfIndependenceTests(HalfSessions sessions) : IndependenceTests(sessions), IClassFixture<HalfSessions>;
