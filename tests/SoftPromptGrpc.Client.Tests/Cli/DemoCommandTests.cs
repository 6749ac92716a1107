using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Cli.Demo;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class DemoCommandTests : CliTest
{
    private const string Row = """{"input":"a","target":" b"}""";

    [Fact]
    public async Task Demo_ServerThatEndsAtOnce_IsFailedWithItsLastWords()
    {
        var program = typeof(CommandLine).Assembly.Location; // A program that knows none of the server's options.

        var run = await RunAsync("demo", "--server", program, "--model-directory", Model(Row, Row));

        Assert.Equal((ExitCode.Failed, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("error: The server ended with exit code 2 before it listened.\n", run.Error, StringComparison.Ordinal);
        Assert.Contains("softprompt --help", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_MalformedTask_IsInvalidBeforeAnythingStarts()
    {
        var run = await RunAsync("demo", "--model-directory", Model(Row, "{}"));

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.StartsWith("error: test.jsonl has a bad row.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_UnknownTask_IsInvalid()
    {
        var run = await RunAsync("demo", "--model-directory", Model(Row, Row), "--task", "none");

        Assert.Equal((ExitCode.Invalid, "error: model has no task none.\n"), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("{\"steps\": \"many\"}")]
    [InlineData("{\"stepz\": 3}")]
    [InlineData("{")]
    public async Task Demo_MalformedSettings_AreInvalid(string settings)
    {
        var model = Model(Row, Row);
        Write("model/tasks/mood/training.json", settings);

        var run = await RunAsync("demo", "--model-directory", model);

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.StartsWith("error: training.json of the task mood is no TrainingSpec: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ToSpec_SettingsOfTheTask_AreTaken()
    {
        var model = new DirectoryInfo(Model(Row, Row));
        Write("model/tasks/mood/training.json", """{"steps": 3, "optimizer": {"learningRate": 0.5}, "evaluation": {"splitRatio": 0}}""");

        var spec = DemoTask.Read(model, null).ToSpec("tiny");

        Assert.Equal(("tiny", "mood", 3, 0.5), (spec.Model, spec.Prompt, spec.Steps, spec.Optimizer.LearningRate));
        Assert.True(spec.Evaluation.HasSplitRatio);
        Assert.Equal("Is this b?\n", spec.Evaluation.TextPrompt.Text);
        Assert.Single(spec.Examples.Examples);
    }

    private string Model(string trainingRow, string testRow)
    {
        Directory.CreateDirectory(PathOf("model/tasks/mood"));
        Write("model/tasks/mood/train.jsonl", trainingRow);
        Write("model/tasks/mood/test.jsonl", testRow);
        return PathOf("model");
    }
}
