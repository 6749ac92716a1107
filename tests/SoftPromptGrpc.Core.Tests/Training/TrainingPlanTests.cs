using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Tests.Models;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Core.Tests.Training;

public sealed class TrainingPlanTests
{
    [Fact]
    public void LongestSequence_TrainingOnly_IsTheLongestExampleBehindThePrompt() => Assert.Equal(3 + 4 + 2 - 1, Plan().LongestSequence());

    [Fact]
    public void LongestSequence_HeldOutExample_CountsTheLongestLabel()
    {
        var plan = Plan() with
        {
            EvaluationExamples = [new([1, 2], [3])],
            Evaluation = new EvaluationSettings(1, null, [[3], [4, 5, 6, 7, 8, 9]]),
        };

        Assert.Equal(3 + 2 + 6 - 1, plan.LongestSequence());
    }

    [Fact]
    public void LongestSequence_TextPrompt_CountsOnlyWhereItIsMeasured()
    {
        var plan = Plan() with { TextPrompt = new int[7] };

        Assert.Equal(8, plan.LongestSequence());
        Assert.Equal(7 + 2 + 1 - 1, (plan with { EvaluationExamples = [new([1, 2], [3])] }).LongestSequence());
    }

    [Fact]
    public void LongestSequence_EncoderDecoder_IsTheLongerOfInputAndOutput()
    {
        var plan = Plan();
        plan = plan with { Model = plan.Model with { Spec = SmallSpec.EncoderDecoder } };

        Assert.Equal(3 + 4, plan.LongestSequence());
        Assert.Equal(9, (plan with { Examples = [.. plan.Examples, new([1], new int[9])] }).LongestSequence());
        Assert.Equal(7 + 4, (plan with { TextPrompt = new int[7], EvaluationExamples = [new([1, 2], [3])] }).LongestSequence());
    }

    [Fact]
    public void LargestBatch_FewerExamplesThanRows_IsTheLongestForEachOfThem()
    {
        Assert.Equal(new BatchShape(1, 3 + 4 + 2 - 1, 2, 3), Plan().LargestBatch());
        Assert.Equal(new BatchShape(2, 3 + 4 + 2 - 1, 4, 3), (Plan() with { BatchSize = 8 }).LargestBatch());
    }

    private static TrainingPlan Plan() => new()
    {
        Model = new BaseModel("test", "print", SmallSpec.Value, null!, null, new GenerationDefaults(null, [], null), 0),
        Initial = new SoftPrompt(3, 1, new float[3], "print"),
        Examples = [new([1], [2]), new([1, 2, 3, 4], [5, 6])],
        Evaluation = new EvaluationSettings(1, null, []),
        Optimizer = new OptimizerSettings(OptimizerKind.AdamW, 0.1),
        Schedule = new ScheduleSettings(ScheduleKind.Constant),
        Steps = 1,
        BatchSize = 1,
        Seed = 0,
        CheckpointInterval = 1,
    };
}
