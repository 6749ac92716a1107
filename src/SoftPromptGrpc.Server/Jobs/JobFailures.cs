using Google.Rpc;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Grpc;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Why a job failed, in the codes and words that its owner gets to see.</summary>
internal static class JobFailures
{
    public static Wire.TrainingFailure Of(SoftPromptException exception) => Make((Code)exception.Kind.ToStatusCode(), exception.Message);

    public static Wire.TrainingFailure Internal() => Make(Code.Internal, "Internal error.");

    public static Wire.TrainingFailure TookTooLong(TimeSpan limit) =>
        Make(Code.DeadlineExceeded, $"The job ran longer than its max_duration of {limit}.");

    public static Wire.TrainingFailure Crashed(int times) =>
        Make(Code.Aborted, $"The server stopped {times} times while this job was running, without a checkpoint in between: it is not begun again.");

    private static Wire.TrainingFailure Make(Code code, string message) => new() { Code = (int)code, Message = message };
}
