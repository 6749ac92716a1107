using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Jobs;

namespace SoftPromptGrpc.Server.Tests.Jobs;

public sealed class TrainingStateFormatTests
{
    private static readonly TrainingState Full = new(
        7,
        Prompt(1, float.Epsilon, -0f, float.MaxValue),
        new Dictionary<string, float[]> { ["v"] = [0.25f], ["m"] = [1, 2, 3] },
        Prompt(4, 3, 2, 1),
        5,
        new EvaluationResult(0.1, 0.2, 0.3, 4),
        2,
        new BaselineDone(new EvaluationResult(1, 2, null, 3), new EvaluationResult(4, 5, 0.5, 6)),
        0.75);

    [Fact]
    public void Read_OfWhatWasWritten_IsTheSameToTheBit()
    {
        var state = TrainingStateFormat.Read(TrainingStateFormat.Write(Full));

        Assert.Equal(Full.Prompt.ContentHash, state.Prompt.ContentHash);
        Assert.Equal(Full.Best!.ContentHash, state.Best!.ContentHash);
        Assert.Equal(Full.Optimizer["m"], state.Optimizer["m"]);
        Assert.Equal(Full.Optimizer["v"], state.Optimizer["v"]);
        Assert.Equal(Full with { Prompt = null!, Best = null, Optimizer = null! }, state with { Prompt = null!, Best = null, Optimizer = null! });
    }

    [Fact]
    public void Read_OfABeginning_HasNothingOptional()
    {
        var empty = new TrainingState(0, Full.Prompt, new Dictionary<string, float[]>(), null, 0, null, 0, null);

        var state = TrainingStateFormat.Read(TrainingStateFormat.Write(empty));

        Assert.Null(state.Best);
        Assert.Null(state.BestResult);
        Assert.Null(state.Baseline);
        Assert.Empty(state.Optimizer);
    }

    [Fact]
    public void Read_CutOffAnywhere_IsCorrupt()
    {
        var bytes = TrainingStateFormat.Write(Full);

        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SoftPromptException>(() => TrainingStateFormat.Read(bytes[..length])).Kind);
    }

    [Fact]
    public void Read_DamagedAnywhere_IsCorruptOrAState()
    {
        var bytes = TrainingStateFormat.Write(Full);

        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0xFF;
            var error = Record.Exception(() => TrainingStateFormat.Read(damaged));
            Assert.True(error is null or SoftPromptException { Kind: ErrorKind.Corrupt }, $"{at}: {error}");
        }
    }

    private static SoftPrompt Prompt(params float[] values) => new(2, 2, values, "fingerprint");
}
