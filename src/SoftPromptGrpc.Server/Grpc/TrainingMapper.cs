using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Jobs;
using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Grpc;

internal static class TrainingMapper
{
    public static JobQuery ToQuery(this ListTrainingJobsRequest request)
    {
        var violations = new Violations();
        var states = request.States.Order().ToArray();
        violations.Require(
            states.All(s => s != TrainingJobState.Unspecified && Enum.IsDefined(s)), "states", "must be states that a job can have");
        var key = $"{string.Join(',', states)}\n{request.Model}\n{request.Prompt}";
        var size = PageSize.Parse(request.PageSize, violations);
        var after = PageToken.Parse(request.PageToken, key, text => text.Length == 0, violations);
        violations.ThrowIfAny();
        return new JobQuery([.. states.Select(s => (JobState)s)], request.Model, request.Prompt, size, after, key);
    }
}
