namespace SoftPromptGrpc.Pretraining.Training;

/// <summary>
/// What decides the outcome of a run on one machine. The learning rate rises over the warm-up, stays, and falls linearly to zero
/// over the last steps, so that a run can be lengthened from any checkpoint before the fall.
/// </summary>
internal sealed record PretrainingSettings
{
    public required int Steps { get; init; }
    public int WarmUpSteps { get; init; } = 100;
    public required int DecaySteps { get; init; }
    public double LearningRate { get; init; } = 2e-3;
    public double WeightDecay { get; init; } = 0.1;
    public double ClipNorm { get; init; } = 1;

    /// <summary>A multiple of <see cref="SequenceLength"/>.</summary>
    public int TokensPerStep { get; init; } = 2048;

    /// <summary>Tokens per row while the learning rate falls. Before, rows are half as long: they cost less, and most documents fit.</summary>
    public int SequenceLength { get; init; } = 512;

    public long Seed { get; init; } = 1;

    /// <summary>Threads that share a batch; at most one per row. The sums, and so the outcome, depend on it.</summary>
    public int Workers { get; init; } = 8;

    /// <summary>
    /// The last step before rows begin with a document each, as requests do, and the tokens of <see cref="PretrainingRun.AnswerWords"/>
    /// count <see cref="AnswerWeight"/> times in the loss: until then the language is learned, from then on what questions ask for.
    /// </summary>
    public int LanguageSteps { get; init; } = 3800;

    public double AnswerWeight { get; init; } = 8;

    public int CheckpointInterval { get; init; } = 100;

    /// <param name="step">From 1.</param>
    public int SequenceLengthAt(int step) => step > Steps - DecaySteps ? SequenceLength : SequenceLength / 2;

    /// <param name="step">From 1.</param>
    public double AnswerWeightAt(int step) => step > LanguageSteps ? AnswerWeight : 1;

    /// <param name="position">Of a token, from 0.</param>
    public int FreshRowAt(int position)
    {
        var step = (position / TokensPerStep) + 1;
        return step > LanguageSteps ? SequenceLengthAt(step) : 0;
    }

    /// <param name="step">From 1.</param>
    public double LearningRateAt(int step)
    {
        var rise = Math.Min(1, step / (double)WarmUpSteps);
        var fall = Math.Clamp((Steps + 1 - step) / (double)DecaySteps, 0, 1);
        return LearningRate * Math.Min(rise, fall);
    }
}
