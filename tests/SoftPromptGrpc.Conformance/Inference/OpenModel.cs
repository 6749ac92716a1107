using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.Conformance.Inference;

/// <summary>A golden model in a session of the backend under test.</summary>
internal sealed class OpenModel : IDisposable
{
    private readonly BaseModel _model;

    private OpenModel(BaseModel model, IInferenceSession session) => (_model, Session) = (model, session);

    public IInferenceSession Session { get; }

    public int VocabularySize => _model.Spec.VocabularySize;

    /// <param name="model">Owned by the result.</param>
    public static async Task<OpenModel> OpenAsync(IInferenceBackend backend, BaseModel model)
    {
        Assert.True(backend.Supports(model.Spec));
        return new(model, await backend.OpenAsync(model, TestContext.Current.CancellationToken));
    }

    /// <summary>The prompt that the goldens were computed with.</summary>
    public SoftPrompt Prompt(CausalGoldens goldens) => Prompt(goldens.Prompt, CausalGoldens.VirtualTokens);

    /// <param name="values">[virtualTokens, embedding size].</param>
    public SoftPrompt Prompt(float[] values, int virtualTokens) =>
        new(virtualTokens, _model.Spec.EmbeddingSize, values, _model.Fingerprint);

    /// <inheritdoc cref="Prompt(CausalGoldens)"/>
    public SoftPrompt Prompt(EncoderDecoderGoldens goldens) =>
        new(EncoderDecoderGoldens.VirtualTokens, _model.Spec.HiddenSize, goldens.Prompt, _model.Fingerprint);

    /// <summary>Another prompt, made of token embeddings.</summary>
    public SoftPrompt Prompt(params ReadOnlySpan<int> tokens)
    {
        var width = _model.Spec.EmbeddingSize;
        var values = new float[tokens.Length * width];
        for (var i = 0; i < tokens.Length; i++)
            _model.Weights.ReadToken(_model.Spec, tokens[i], values.AsSpan(i * width, width));
        return new(tokens.Length, width, values, _model.Fingerprint);
    }

    /// <summary>What an adapter of PEFT serves.</summary>
    public ServedPrompt Prompt(PeftGoldens goldens) => PeftAdapterReader.ReadDirectory(goldens.Directory).ToPrompt(_model.Fingerprint);

    /// <summary>Keys and values from a normal distribution.</summary>
    public KeyValuePrefix Prefix(int virtualTokens, ulong seed)
    {
        var random = new SeededRandom(seed);
        var (layers, heads, headSize) = KeyValuePrefix.ShapeOf(_model.Spec);
        float[] values = [.. Enumerable.Range(0, layers * 2 * heads * virtualTokens * headSize).Select(_ => (float)random.NextNormal())];
        return new(layers, heads, virtualTokens, headSize, values, _model.Fingerprint);
    }

    public ISequence Open(ServedPrompt? prompt = null, int capacity = 48, int[]? encoderInput = null) =>
        Session.Open(prompt, capacity, encoderInput);

    /// <summary>Runs one sequence by itself and copies its rows of logits.</summary>
    public float[][] Run(ISequence sequence, int[] tokens, int logitRows) => RunAll([new(sequence, tokens, logitRows)])[0];

    /// <summary>Runs the steps together and copies each one's rows of logits.</summary>
    public float[][][] RunAll(IReadOnlyList<SequenceStep> steps)
    {
        var logits = Session.Run(steps);
        var all = new float[steps.Count][][];
        for (var i = 0; i < steps.Count; i++)
        {
            all[i] = new float[steps[i].LogitRows][];
            for (var row = 0; row < all[i].Length; row++)
                all[i][row] = logits.Row(i, row).ToArray();
        }
        return all;
    }

    /// <summary>Continues each input by the likeliest tokens, all of them in the same steps.</summary>
    public int[][] Greedy(int count, params IReadOnlyList<(ServedPrompt? Prompt, int[] Tokens)> inputs)
    {
        var encoderDecoder = _model.Spec as EncoderDecoderSpec;
        var sequences = inputs.Select(i => encoderDecoder is null
            ? Open(i.Prompt, (i.Prompt?.VirtualTokens ?? 0) + i.Tokens.Length + count)
            : Open(i.Prompt, ((i.Prompt as KeyValuePrefix)?.VirtualTokens ?? 0) + 1 + count, i.Tokens)).ToList();
        var output = inputs.Select(_ => new List<int>()).ToList();
        var next = inputs.Select(i => encoderDecoder is null ? i.Tokens : [encoderDecoder.DecoderStart]).ToList();
        for (var step = 0; step < count; step++)
        {
            var logits = RunAll([.. sequences.Select((s, i) => new SequenceStep(s, next[i]))]);
            for (var i = 0; i < logits.Length; i++)
            {
                output[i].Add(Array.IndexOf(logits[i][0], logits[i][0].Max()));
                next[i] = [output[i][^1]];
            }
        }
        sequences.ForEach(s => s.Dispose());
        return [.. output.Select(o => o.ToArray())];
    }

    public void Dispose()
    {
        Session.Dispose();
        _model.Weights.Dispose();
    }
}
