using SoftPromptGrpc.Server.Paging;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>One page of a list.</summary>
/// <param name="Key">Everything but the page, for the next page's token.</param>
internal sealed record PromptQuery(
    PromptFilter Filter, PromptOrder Order, bool AllVersions, bool ShowDeleted, int PageSize, PageToken? After, string Key);

/// <param name="Total">Prompts that match, over all pages.</param>
/// <param name="NextPageToken">Empty on the last page.</param>
internal sealed record PromptPage(IReadOnlyList<Core.Prompts.PromptRecord> Prompts, string NextPageToken, int Total);
