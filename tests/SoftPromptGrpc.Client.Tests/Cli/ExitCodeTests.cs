using System.Text.Json;
using Grpc.Core;
using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Client.Tests.Fakes;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class ExitCodeTests : CliTest
{
    [Theory]
    [InlineData("frobnicate")]
    [InlineData("prompts")]
    [InlineData("train", "p")] // --data is required.
    [InlineData("infer", "--no-such-option", "--json")]
    [InlineData("infer", "x", "--top-k", "many")]
    [InlineData("infer", "x", "--batch")]
    [InlineData("models", "list", "--timeout", "soon")]
    [InlineData("models", "list", "--address", "http://")]
    [InlineData("jobs", "list", "--state", "sleeping")]
    [InlineData("infer", "1 two", "--token-ids")]
    public async Task RunAsync_WrongUsage_IsInvalidWithOneErrorOnStandardError(params string[] arguments)
    {
        var run = await RunAsync(arguments);

        Assert.Equal((ExitCode.Invalid, ""), (run.ExitCode, run.Output));
        Assert.NotEqual("", run.Error);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models", "get", "none")]
    [InlineData("prompts", "get", "none")]
    [InlineData("jobs", "get", "none")]
    [InlineData("watch", "none")]
    public async Task RunAsync_UnknownThing_IsNotFound(params string[] arguments)
    {
        var run = await RunAsync(arguments);

        Assert.Equal((ExitCode.NotFound, ""), (run.ExitCode, run.Output));
        Assert.Matches("^error: There is no (model|prompt|job) \"none\"\\.\n$", run.Error);
    }

    [Fact]
    public async Task RunAsync_NobodyListens_SaysSo()
    {
        var run = await RunAsync("models", "list", "--address", "127.0.0.1:1");

        Assert.Equal(ExitCode.CannotConnect, run.ExitCode);
        Assert.Equal("error: No connection to a server at http://127.0.0.1:1. Is it running?\n", run.Error);
    }

    [Fact]
    public async Task RunAsync_ServerFindsRequestInvalid_ListsEveryViolation()
    {
        Server.Inference.OnInfer = (_, _) => throw Failures.Invalid(("generation.top_p", "over 1"), ("input", "missing"));

        var run = await RunAsync("infer", "x");

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Equal("error: The request is invalid.\n  generation.top_p: over 1\n  input: missing\n", run.Error);
    }

    [Fact]
    public async Task RunAsync_MessageOnlyJoinsTheViolations_IsNotRepeated()
    {
        Server.Inference.OnInfer = (_, _) => throw Failures.Invalid("top_p: over 1 input: missing", ("top_p", "over 1"), ("input", "missing"));

        var run = await RunAsync("infer", "x");

        Assert.Equal("error: The server finds the request invalid.\n  top_p: over 1\n  input: missing\n", run.Error);
    }

    [Fact]
    public async Task RunAsync_ServerBusy_IsTryLaterWithTheDelay()
    {
        Server.Inference.OnInfer = (_, _) => throw Failures.Busy(TimeSpan.FromHours(2));

        var run = await RunAsync("infer", "x");

        Assert.Equal(ExitCode.TryLater, run.ExitCode);
        Assert.Equal("error: The queue is full. Try again in 2:00:00.\n", run.Error);
    }

    [Fact]
    public async Task RunAsync_MessageOverTheLimit_IsInvalid()
    {
        Server.Inference.OnInfer = (_, _) => throw new RpcException(new Status(StatusCode.ResourceExhausted, "The message is too large."));

        var run = await RunAsync("infer", "x");

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Equal("error: The message is too large.\n", run.Error);
    }

    [Fact]
    public async Task RunAsync_DeadlinePasses_IsTryLater()
    {
        Server.Inference.OnInfer = (_, _) => throw new RpcException(new Status(StatusCode.DeadlineExceeded, "Deadline Exceeded"));

        var run = await RunAsync("infer", "x");

        Assert.Equal(ExitCode.TryLater, run.ExitCode);
        Assert.Contains("--timeout", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_FailedPrecondition_IsFailed()
    {
        Server.Inference.OnInfer = (_, _) => throw new RpcException(new Status(StatusCode.FailedPrecondition, "Another base model."));

        var run = await RunAsync("infer", "x");

        Assert.Equal((ExitCode.Failed, "error: Another base model.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task RunAsync_ErrorAsJson_IsOneObjectForPrograms()
    {
        Server.Inference.OnInfer = (_, _) => throw Failures.Invalid(("input", "missing"));

        var run = await RunAsync("infer", "x", "--json");

        var error = JsonDocument.Parse(run.Error).RootElement.GetProperty("error");
        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Equal(ExitCode.Invalid, error.GetProperty("exitCode").GetInt32());
        Assert.Equal("INVALID_ARGUMENT", error.GetProperty("status").GetString());
        Assert.Equal("input: missing", error.GetProperty("details")[0].GetString());
    }

    [Fact]
    public async Task RunAsync_Help_NamesTheExitCodes()
    {
        var run = await RunAsync("--help");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("130  interrupted", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_TerminalControlsInAnAnswer_StayInAPipeAndNotInATerminal()
    {
        Server.Inference.OnInfer = (_, _) => new Generation { Text = "a\u001b[2Jb" };

        var piped = await RunAsync("infer", "x");
        var live = await CliRun.LiveAsync(Server.Address, ["infer", "x"], Token);

        Assert.Equal("a\u001b[2Jb\n", piped.Output);
        Assert.Equal("a\uFFFD[2Jb\n", live.Output.ReplaceLineEndings("\n"));
    }
}
