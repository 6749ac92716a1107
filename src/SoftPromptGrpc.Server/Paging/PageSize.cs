namespace SoftPromptGrpc.Server.Paging;

internal static class PageSize
{
    private const int Default = 100;
    private const int Most = 1000;

    public static int Parse(int requested, Violations violations)
    {
        violations.Require(requested is >= 0 and <= Most, "page_size", $"must be between 1 and {Most}, or 0 for {Default}");
        return requested == 0 ? Default : requested;
    }
}
