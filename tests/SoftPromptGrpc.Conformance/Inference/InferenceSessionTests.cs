using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Conformance.Inference;

/// <summary>What <see cref="IInferenceSession"/> promises besides the figures. To be derived from, for each backend.</summary>
public abstract class InferenceSessionTests
{
    private const float Tolerance = 5e-5f;

    public static TheoryData<string> Models =>
    [
        "gpt2", "llama", "gpt_neox", "mistral_sliding", "opt_postnorm_proj", "bloom", "gptj", "gemma2", "gemma3_text", "falcon_40b_style",
        "mpt", "smollm3", "olmo2",
    ];

    /// <summary>At least four and at most 64 sequences at once.</summary>
    protected abstract IInferenceBackend Backend { get; }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Run_DifferentLengthsAndPrompts_EachAsAloneBitForBit(string name)
    {
        using var model = await OpenAsync(name);
        (ServedPrompt? Prompt, int[] Tokens)[] inputs =
        [
            (null, [17, 203, 45, 118, 9, 276, 64, 301, 33]),
            (model.Prompt(5, 6, 7, 8), [88]),
            (model.Prefix(3, seed: 1), [310, 27, 73, 160, 4, 5]),
            (null, [3, 4]),
        ];
        int[] continuation = [9, 40, 7, 77, 123];
        var alone = inputs.Select(i => Follow(model, [i], continuation)[0]).ToList();

        var together = Follow(model, inputs, continuation);

        for (var i = 0; i < inputs.Length; i++)
            Assert.Equal(alone[i], together[i]);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Run_OthersJoinAndLeave_ChangesNoBit(string name)
    {
        using var model = await OpenAsync(name);
        int[] tokens = [17, 203, 45, 118];
        int[] continuation = [9, 40, 7, 77, 123, 1, 88];
        var prompt = model.Prompt(5, 6, 7);
        ServedPrompt?[] others = [prompt, model.Prefix(4, seed: 2), null];
        var alone = Follow(model, [(prompt, tokens)], continuation)[0];

        var before = model.Open();
        model.Run(before, [4, 5, 6], 1);
        using var sequence = model.Open(prompt);
        var company = new List<float[]>();
        company.AddRange(model.Run(sequence, tokens, 1));
        for (var step = 0; step < continuation.Length; step++)
        {
            var steps = new List<SequenceStep> { new(sequence, continuation.AsMemory(step, 1)) };
            using var other = model.Open(others[step % 3]);
            steps.Insert(step % 2, new(other, tokens.AsMemory(0, 1 + step % 4)));
            if (step < 3)
                steps.Add(new(before, continuation.AsMemory(0, 1)));
            else
                before.Dispose();
            company.Add(model.RunAll(steps)[1 - step % 2][0]);
        }

        Assert.Equal(alone, company);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Run_LaterTokensDiffer_EarlierLogitsAreTheSame(string name)
    {
        using var model = await OpenAsync(name);
        using var first = model.Open();
        using var second = model.Open();

        var one = model.Run(first, [17, 203, 45, 118, 9, 276], 6);
        var other = model.Run(second, [17, 203, 45, 300, 1, 2], 6);

        Assert.Equal(one[..3], other[..3]);
        Assert.NotEqual(one[3], other[3]);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Run_TokenByToken_GivesTheLogitsOfOneStep(string name)
    {
        using var model = await OpenAsync(name);
        int[] tokens = [17, 203, 45, 118, 9, 276, 64, 301, 33];
        using var whole = model.Open();
        using var pieces = model.Open();

        var expected = model.Run(whole, tokens, tokens.Length);
        var actual = new List<float[]>();
        actual.AddRange(model.Run(pieces, tokens[..2], 2));
        actual.AddRange(model.Run(pieces, tokens[2..5], 3));
        actual.AddRange(tokens[5..].SelectMany(t => model.Run(pieces, [t], 1)));

        AssertClose(expected, actual);
        Assert.Equal(tokens.Length, pieces.Length);
    }

    [Fact]
    public async Task Run_SeveralLogitRows_AreThoseOfTheLastPositions()
    {
        using var model = await OpenAsync("llama");
        int[] tokens = [17, 203, 45, 118, 9, 276];
        using var all = model.Open();
        var expected = model.Run(all, tokens, tokens.Length);

        for (var rows = 0; rows <= tokens.Length; rows++)
        {
            using var sequence = model.Open();
            AssertClose(expected[^rows..], model.Run(sequence, tokens, rows));
            Assert.Equal(tokens.Length, sequence.Length);
        }
    }

    [Fact]
    public async Task Run_NothingBehindAPrompt_GivesTheLastVirtualTokensLogits()
    {
        using var model = await OpenAsync("llama");
        var goldens = new CausalGoldens("llama");
        using var sequence = model.Open(model.Prompt(goldens));

        var logits = new List<float[]>();
        logits.AddRange(model.Run(sequence, [], 1));
        Assert.Equal(CausalGoldens.VirtualTokens, sequence.Length);
        logits.AddRange(model.Run(sequence, goldens.Rows[0], goldens.Rows[0].Length));

        AssertClose(
            [.. logits.Select((_, i) => goldens.SoftPrompt.At(0, CausalGoldens.VirtualTokens - 1 + i).ToArray())], logits);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Run_BehindAPrefix_InPiecesAsInOneStep(string name)
    {
        using var model = await OpenAsync(name);
        var prefix = model.Prefix(6, seed: 3);
        int[] tokens = [17, 203, 45, 118, 9];
        using var whole = model.Open(prefix);
        using var pieces = model.Open(prefix);

        var expected = model.Run(whole, tokens, tokens.Length);
        Assert.Empty(model.Run(pieces, [], 0));
        Assert.Equal(6, pieces.Length);
        var actual = new List<float[]>();
        actual.AddRange(model.Run(pieces, tokens[..3], 3));
        actual.AddRange(tokens[3..].SelectMany(t => model.Run(pieces, [t], 1)));

        AssertClose(expected, actual);
        Assert.Equal(6 + tokens.Length, pieces.Length);
    }

    [Fact]
    public async Task Run_LogitsOfAPrefixItself_AreRefused()
    {
        using var model = await OpenAsync("llama");
        using var sequence = model.Open(model.Prefix(2, seed: 4));

        Assert.Throws<ArgumentException>(() => model.Run(sequence, [], 1));
        Assert.Throws<ArgumentException>(() => model.Run(sequence, [5], 2));
        Assert.Equal(0, sequence.Length);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Fork_OneInputManyContinuations_EachAsBehindAnInputOfItsOwnBitForBit(string name)
    {
        using var model = await OpenAsync(name);
        int[] tokens = [17, 203, 45, 118, 9, 276, 64, 301, 33, 5, 6, 7, 8, 9, 10, 11, 12, 13];
        int[][] continuations = [[9, 40, 7], [88], [9, 40, 8], [7, 77, 123]];
        foreach (var prompt in new ServedPrompt?[] { null, model.Prompt(5, 6, 7), model.Prefix(4, seed: 1) })
        {
            var expected = continuations.Select(continuation =>
            {
                using var own = model.Open(prompt);
                return new[] { model.Run(own, tokens, 1), model.Run(own, continuation, continuation.Length) };
            }).ToList();
            using var origin = model.Open(prompt);
            Assert.Equal(expected[0][0], model.Run(origin, tokens, 1));
            ISequence[] all = [origin, .. continuations.Skip(1).Select((_, i) => model.Session.Fork(origin, 26 + i))];

            var actual = model.RunAll([.. all.Select((sequence, i) => new SequenceStep(sequence, continuations[i], continuations[i].Length))]);

            for (var i = 0; i < actual.Length; i++)
            {
                Assert.Equal(expected[i][1], actual[i]);
                Assert.Equal((prompt?.VirtualTokens ?? 0) + tokens.Length + continuations[i].Length, all[i].Length);
                all[i].Dispose();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Rewind_BehindAnInput_ForgetsWhatFollowedIt(string name)
    {
        using var model = await OpenAsync(name);
        int[] tokens = [17, 203, 45, 118, 9, 276, 64, 301, 33, 5, 6, 7, 8, 9];
        int[] long_ = [40, 7, 77, 123, 1, 88, 9];
        var prompt = model.Prompt(5, 6, 7);
        using var fresh = model.Open(prompt);
        model.Run(fresh, tokens, 0);
        var expected = model.Run(fresh, [9, 8, 7], 3);
        using var sequence = model.Open(prompt);
        model.Run(sequence, tokens, 0);
        var length = sequence.Length;
        using var fork = model.Session.Fork(sequence, 40);

        model.Run(sequence, long_, 0);
        sequence.Rewind(length);
        Assert.Equal(length, sequence.Length);
        model.Run(sequence, long_[..1], 0);
        sequence.Rewind(length);

        Assert.Equal(expected, model.Run(sequence, [9, 8, 7], 3));
        Assert.Equal(expected, model.Run(fork, [9, 8, 7], 3));
        Assert.ThrowsAny<ArgumentException>(() => sequence.Rewind(sequence.Length + 1));
    }

    [Fact]
    public async Task Fork_WhatCannotBe_IsRefused()
    {
        using var model = await OpenAsync("gpt2");
        var sequences = Enumerable.Range(0, model.Session.MaxSequences).Select(_ => model.Open(capacity: 4)).ToList();
        model.Run(sequences[0], [1, 2, 3], 1);

        Assert.Equal(ErrorKind.Overloaded, Assert.Throws<SoftPromptException>(() => model.Session.Fork(sequences[0], 4)).Kind);
        sequences[1].Dispose();
        Assert.ThrowsAny<ArgumentException>(() => model.Session.Fork(sequences[1], 4));
        Assert.ThrowsAny<ArgumentException>(() => model.Session.Fork(sequences[2], 4));
        Assert.ThrowsAny<ArgumentException>(() => model.Session.Fork(sequences[0], 2));

        using var fork = model.Session.Fork(sequences[0], 3);
        Assert.Equal(3, fork.Length);
        sequences.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task Open_AllPlacesTaken_IsOverloadedUntilOneIsFree()
    {
        using var model = await OpenAsync("gpt2");
        var sequences = Enumerable.Range(0, model.Session.MaxSequences).Select(_ => model.Open(capacity: 4)).ToList();

        Assert.Equal(ErrorKind.Overloaded, Assert.Throws<SoftPromptException>(() => model.Open(capacity: 4)).Kind);

        sequences[1].Dispose();
        sequences[1].Dispose();
        using var again = model.Open(capacity: 4);
        Assert.Equal(0, again.Length);
        Assert.Throws<SoftPromptException>(() => model.Open(capacity: 4));
        sequences.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task Dispose_Sequences_FreesTheirPlacesEveryTime()
    {
        using var model = await OpenAsync("gpt2");
        int[] tokens = [5, 6, 7];
        float[]? first = null;
        for (var i = 0; i < 3 * model.Session.MaxSequences; i++)
        {
            using var sequence = model.Open(capacity: 3 + i % 40);
            var logits = model.Run(sequence, tokens, 1)[0];
            Assert.Equal(first ??= logits, logits);
        }
    }

    /// <summary>The last logits of each input, and then those behind each token of the continuation, all in the same steps.</summary>
    private static List<float[]>[] Follow(OpenModel model, (ServedPrompt? Prompt, int[] Tokens)[] inputs, int[] continuation)
    {
        var sequences = inputs.Select(i => model.Open(i.Prompt)).ToList();
        var all = inputs.Select(_ => new List<float[]>()).ToArray();
        Add(model.RunAll([.. sequences.Select((s, i) => new SequenceStep(s, inputs[i].Tokens))]));
        for (var step = 0; step < continuation.Length; step++)
            Add(model.RunAll([.. sequences.Select(s => new SequenceStep(s, continuation.AsMemory(step, 1)))]));
        sequences.ForEach(s => s.Dispose());
        return all;

        void Add(float[][][] logits)
        {
            for (var i = 0; i < all.Length; i++)
                all[i].Add(logits[i][0]);
        }
    }

    private static void AssertClose(float[][] expected, IReadOnlyList<float[]> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (var row = 0; row < expected.Length; row++)
        {
            for (var i = 0; i < expected[row].Length; i++)
                Assert.Equal(expected[row][i], actual[row][i], Tolerance);
        }
    }

    private Task<OpenModel> OpenAsync(string name) => OpenModel.OpenAsync(Backend, Goldens.LoadModel(name));
}
