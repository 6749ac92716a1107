using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>One page of a list of jobs, the newest first. What is empty matches all.</summary>
/// <param name="Key">Everything but the page, for the next page's token.</param>
internal sealed record JobQuery(
    IReadOnlyList<JobState> States, string ModelId, string PromptName, int PageSize, PageToken? After, string Key);

/// <param name="NextPageToken">Empty on the last page.</param>
internal sealed record JobPage(IReadOnlyList<Wire.TrainingJob> Jobs, string NextPageToken);
