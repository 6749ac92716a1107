using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Grpc;

namespace SoftPromptGrpc.Server.Tests.Grpc;

public sealed class ErrorStatusTests
{
    [Theory]
    [InlineData(ErrorKind.Invalid, Code.InvalidArgument, "INVALID_REQUEST")]
    [InlineData(ErrorKind.NotFound, Code.NotFound, "NOT_FOUND")]
    [InlineData(ErrorKind.AlreadyExists, Code.AlreadyExists, "ALREADY_EXISTS")]
    [InlineData(ErrorKind.Precondition, Code.FailedPrecondition, "PRECONDITION_FAILED")]
    [InlineData(ErrorKind.Unsupported, Code.Unimplemented, "UNSUPPORTED")]
    [InlineData(ErrorKind.Overloaded, Code.ResourceExhausted, "OVERLOADED")]
    [InlineData(ErrorKind.Corrupt, Code.DataLoss, "CORRUPT")]
    [InlineData(ErrorKind.Conflict, Code.Aborted, "CONFLICT")]
    [InlineData(ErrorKind.Unavailable, Code.Unavailable, "UNAVAILABLE")]
    public void Of_DomainError_HasItsCodeMessageAndReason(ErrorKind kind, Code code, string reason)
    {
        var status = ErrorStatus.Of(new SoftPromptException(kind, "Too bad."));

        Assert.Equal((int)code, status.Code);
        Assert.Equal("Too bad.", status.Message);
        Assert.Equal(new ErrorInfo { Reason = reason, Domain = "softprompt" }, status.GetDetail<ErrorInfo>());
    }

    [Fact]
    public void Of_OwnReason_ReplacesTheKinds()
    {
        var status = ErrorStatus.Of(new SoftPromptException(ErrorKind.NotFound, "No.") { Reason = "PROMPT_NOT_FOUND" });

        Assert.Equal("PROMPT_NOT_FOUND", status.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public void Of_Violations_AreAllInBadRequest()
    {
        var status = ErrorStatus.Of(new SoftPromptException([new("a", "is bad"), new("b[1].c", "is worse")]));

        Assert.Equal(
            [("a", "is bad"), ("b[1].c", "is worse")],
            status.GetDetail<BadRequest>().FieldViolations.Select(v => (v.Field, v.Description)));
    }

    [Fact]
    public void Of_Overloaded_SaysWhenToRetry()
    {
        var status = ErrorStatus.Of(new SoftPromptException(ErrorKind.Overloaded, "The queue is full."));

        Assert.Equal(Duration.FromTimeSpan(TimeSpan.FromSeconds(1)), status.GetDetail<RetryInfo>().RetryDelay);
    }

    [Fact]
    public void Of_Defect_TellsNothing()
    {
        var status = ErrorStatus.Of(new FileNotFoundException("/secret/path"));

        Assert.Equal((int)Code.Internal, status.Code);
        Assert.Equal("Internal error.", status.Message);
        Assert.DoesNotContain("secret", status.ToString(), StringComparison.Ordinal);
    }
}
