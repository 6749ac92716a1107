using System.Text.Json;
using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Client.Tests.Fakes;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class TrainCommandTests : CliTest
{
    private string Examples => Write("examples.jsonl", """{"input":"good","target":"yes"}""");

    [Fact]
    public async Task Train_Piped_TellsTheStoryInPlainLines()
    {
        Server.Training.Events = TrainingScript.Succeeds();

        var run = await RunAsync("train", "p", "--data", Examples);

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.Equal("job job-1 accepted", run.Lines[0]);
        Assert.Equal("18 examples to train on, 2 to evaluate on", run.Lines[1]);
        Assert.Equal("warning: 1 input is empty", run.Lines[2]);
        Assert.Equal("started: 4 steps with torch", run.Lines[3]);
        Assert.Equal("without a prompt: accuracy 50.0 %, exact match 50.0 %, loss 0.5000", run.Lines[4]);
        Assert.StartsWith("step 1/4: loss 2.0000, learning rate 3e-1", run.Lines[5], StringComparison.Ordinal);
        Assert.StartsWith("trained p@1: 4 steps", run.Lines[^2], StringComparison.Ordinal);
        Assert.Equal("best at step 4: accuracy 100.0 %, exact match 100.0 %, loss 0.0000", run.Lines[^1]);
    }

    [Fact]
    public async Task JobsResume_DroppedStream_AttachesToTheNewJobAndFollowsItToItsEnd()
    {
        Server.Training.Events = TrainingScript.Succeeds();
        Server.Training.Faults.Enqueue(StreamFault.Ends(4));

        var run = await RunAsync("jobs", "resume", "job-0", "--additional-steps", "4", "--learning-rate", "0.1");

        var request = Assert.Single(Server.Training.Resumptions);
        Assert.Equal(("job-0", 4, 0.1), (request.Job, request.AdditionalSteps, request.LearningRate));
        Assert.NotEmpty(request.RequestId);
        Assert.Equal([4L], Server.Training.WatchedAfter);
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.StartsWith("trained p@1: 4 steps", run.Lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_Json_IsOneEventALine()
    {
        Server.Training.Events = TrainingScript.Succeeds();

        var run = await RunAsync("train", "p", "--data", Examples, "--json");

        var events = run.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(
            Server.Training.Events.Select(item => $"{item.Sequence}"),
            events.Select(item => item.GetProperty("sequence").GetString()));
        Assert.Equal("p@1", events[^1].GetProperty("result").GetProperty("prompt").GetString());
    }

    [Fact]
    public async Task Train_OnATerminal_DrawsAndEndsWithTheResult()
    {
        Server.Training.Events = TrainingScript.Succeeds();

        var run = await CliRun.LiveAsync(Server.Address, ["train", "p", "--data", Examples], Token);

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("4/4", run.Output, StringComparison.Ordinal);
        Assert.Contains("█", run.Output, StringComparison.Ordinal);
        Assert.Contains("trained p@1: 4 steps", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_Options_ReachTheServer()
    {
        Server.Training.Events = TrainingScript.Succeeds();

        await RunAsync(
            "train", "p", "--data", Examples, "--model", "tiny", "--virtual-tokens", "5", "--steps", "7", "--learning-rate", "0.1",
            "--optimizer", "adafactor", "--schedule", "cosine", "--warm-up-steps", "0", "--seed", "0", "--init-text", "Answer:",
            "--template", "Q: {input}", "--no-eos", "--label", "team=a", "--label", "x=y=z", "--text-prompt", "Say:", "--eval-split", "0",
            "--patience", "3", "--max-duration", "30m", "--request-id", "id-1");

        var request = Assert.Single(Server.Training.Submissions);
        var spec = request.Spec;
        Assert.Equal(("id-1", "tiny", 5, 7), (request.RequestId, spec.Model, spec.VirtualTokens, spec.Steps));
        Assert.Equal((OptimizerKind.Adafactor, 0.1), (spec.Optimizer.Kind, spec.Optimizer.LearningRate));
        Assert.Equal((ScheduleKind.Cosine, true), (spec.Schedule.Kind, spec.Schedule.HasWarmUpSteps));
        Assert.Equal(("Answer:", "Q: {input}"), (spec.Initialization.Text.Text, spec.Template.Pattern));
        Assert.True(spec is { HasSeed: true, HasAppendEndOfSequence: true, AppendEndOfSequence: false, HasShuffle: false });
        Assert.Equal(["a", "y=z"], [spec.Labels["team"], spec.Labels["x"]]);
        Assert.True(spec.Evaluation is { HasSplitRatio: true, SplitRatio: 0, EarlyStoppingPatience: 3, TextPrompt.Text: "Say:" });
        Assert.Equal(1800, spec.MaxDuration.Seconds);
    }

    [Theory]
    [InlineData("p_tuning", "--encoder lstm --encoder-size 64 --encoder-layers 3", "PTuning(Lstm, 64, 3)")]
    [InlineData("p_tuning", "", "PTuning(Unspecified, 0, 0)")]
    [InlineData("prefix_tuning", "--init-zeros", "Prefix(False, 0)")]
    [InlineData("prefix_tuning", "--projection --encoder-size 32", "Prefix(True, 32)")]
    [InlineData("multitask_prompt_tuning", "--tasks 3 --task 2 --rank 4", "Multitask(3, 2, 4)")]
    [InlineData("cartridge", "--frozen-tokens 0", "Cartridge(0)")]
    [InlineData("prompt_tuning", "--stay-near Answer: --gamma 0.5", "Near(Answer:, 0.5)")]
    public async Task Train_Method_ReachesTheServerWithItsSettings(string method, string options, string expected)
    {
        Server.Training.Events = TrainingScript.Succeeds();

        await RunAsync(["train", "p", "--data", Examples, "--method", method, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        var spec = Assert.Single(Server.Training.Submissions).Spec;
        Assert.Equal(method, JsonNamingPolicy.SnakeCaseLower.ConvertName($"{spec.Method}"));
        Assert.Equal(options.Contains("zeros", StringComparison.Ordinal), spec.Initialization?.Zeros is not null);
        Assert.Equal(expected, spec switch
        {
            { PTuning: { } own } => $"PTuning({own.Encoder}, {own.EncoderHiddenSize}, {own.EncoderLayers})",
            { PrefixTuning: { } own } => $"Prefix({own.Projection}, {own.EncoderHiddenSize})",
            { Multitask: { } own } => $"Multitask({own.TaskCount}, {own.Task}, {own.Rank})",
            { Cartridge: { } own } => $"Cartridge({own.FrozenTokens})",
            { Waywardness: { } own } => FormattableString.Invariant($"Near({own.Text.Text}, {own.Gamma})"),
            _ => "",
        });
    }

    [Fact]
    public async Task Train_NoOptions_LeavesTheDefaultsToTheServer()
    {
        Server.Training.Events = TrainingScript.Succeeds();

        await RunAsync("train", "p", "--data", Examples);

        var spec = Assert.Single(Server.Training.Submissions).Spec;
        Assert.Null(spec.Initialization);
        Assert.Null(spec.Template);
        Assert.False(spec.HasVirtualTokens || spec.HasSteps || spec.HasEpochs || spec.HasSeed || spec.Optimizer.HasLearningRate);
    }

    [Theory]
    [InlineData("--steps", "1", "--epochs", "1")]
    [InlineData("--init-text", "x", "--init-random")]
    [InlineData("--encoder", "mlp")]
    [InlineData("--method", "cartridge", "--stay-near", "x")]
    [InlineData("--gamma", "1")]
    [InlineData("--method", "no_such")]
    [InlineData("--label", "nothing")]
    public async Task Train_ContradictoryOptions_AreInvalidBeforeAnythingIsSent(params string[] options)
    {
        var run = await RunAsync(["train", "p", "--data", Examples, .. options]);

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Empty(Server.Training.Submissions);
    }

    [Fact]
    public async Task Train_BadRows_AreListedByLineAndNothingIsSent()
    {
        var file = Write("bad.jsonl", "{\"input\":\"a\",\"target\":\"b\"}\n[1]\n\n{\"input\":\"a\"}\n{\"input\":");

        var run = await RunAsync("train", "p", "--data", file);

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Equal(
            "error: bad.jsonl has 3 bad rows.\n"
            + "  line 2: not a JSON object\n  line 4: no field \"target\"\n  line 5: not JSON (column 10)\n",
            run.Error);
        Assert.Empty(Server.Training.Submissions);
    }

    [Fact]
    public async Task Train_Detach_PrintsTheJobAndLeaves()
    {
        Server.Training.Events = TrainingScript.Succeeds();
        Server.Training.Faults.Enqueue(StreamFault.Hangs(1, () => { }));

        var run = await RunAsync("train", "p", "--data", Examples, "--detach");

        Assert.Equal((ExitCode.Ok, "job-1\n"), (run.ExitCode, run.Output));
        Assert.False(Assert.Single(Server.Training.Submissions).CancelOnDisconnect);
    }

    [Fact]
    public async Task Train_JobFails_IsFailed()
    {
        Server.Training.Events = TrainingScript.Fails();

        var run = await RunAsync("train", "p", "--data", Examples);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("failed after step 3: The loss is not finite at step 4.", run.Lines[^1]);
    }

    [Fact]
    public async Task Train_Interrupted_DetachesAndSaysHowToAttachAgain()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Server.Training.Events = TrainingScript.Succeeds();
        Server.Training.Faults.Enqueue(StreamFault.Hangs(6, () => { }));

        var run = await CliRun.PipedAsync(Server.Address, null, ["train", "p", "--data", Examples], CancelAtStep2(source), source.Token);

        Assert.Equal(ExitCode.Interrupted, run.ExitCode);
        Assert.Equal(
            $"Detached from job job-1, which goes on. Attach again: softprompt watch job-1 --after 6 --address {Server.Address}\n",
            run.Error);
        Assert.Empty(Server.Training.Cancelled);
    }

    [Fact]
    public async Task Train_InterruptedWithCancel_CancelsTheJobAndShowsItsEnd()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Server.Training.Events = TrainingScript.IsCancelled();
        Server.Training.Faults.Enqueue(StreamFault.Hangs(6, () => { }));

        var run = await CliRun.PipedAsync(
            Server.Address, null, ["train", "p", "--data", Examples, "--cancel-on-interrupt"], CancelAtStep2(source), source.Token);

        Assert.Equal(ExitCode.Interrupted, run.ExitCode);
        Assert.Equal([FakeTrainingService.JobId], Server.Training.Cancelled);
        Assert.Equal("cancelled after step 3", run.Lines[^1]);
    }

    [Fact]
    public async Task Watch_AfterSequence_ShowsWhatFollows()
    {
        Server.Training.Events = TrainingScript.Succeeds();

        var run = await RunAsync("watch", "job-1", "--after", "9");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.StartsWith("trained p@1", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TrainingJobState.Failed, ExitCode.Failed)]
    [InlineData(TrainingJobState.Succeeded, ExitCode.Ok)]
    public async Task Watch_NothingLeft_StillGivesTheJobsExitCode(TrainingJobState state, int exitCode)
    {
        Server.Training.Job.State = state;
        Server.Training.Job.LastSequence = 9;

        var run = await RunAsync("watch", "job-1", "--after", "9");

        Assert.Equal(exitCode, run.ExitCode);
    }

    private static Action<string> CancelAtStep2(CancellationTokenSource source) => output =>
    {
        if (output.Contains("step 2/4", StringComparison.Ordinal))
            source.Cancel();
    };
}
