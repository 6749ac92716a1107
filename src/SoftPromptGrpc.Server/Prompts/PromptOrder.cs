using System.Globalization;
using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Prompts;

internal enum PromptOrderField { Name, CreateTime, Version }

/// <summary>How a list is sorted; the order of creation breaks ties.</summary>
internal sealed record PromptOrder(PromptOrderField Field, bool Descending)
{
    public static PromptOrder Parse(string text, Violations violations)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        PromptOrderField? field = words.FirstOrDefault("name") switch
        {
            "name" => PromptOrderField.Name,
            "create_time" => PromptOrderField.CreateTime,
            "version" => PromptOrderField.Version,
            _ => null,
        };
        var valid = field is not null && (words.Length < 2 || words is [_, "desc"]);
        violations.Require(valid, "order_by", "must be \"name\", \"create_time\" or \"version\", optionally followed by \" desc\"");
        return new PromptOrder(field ?? PromptOrderField.Name, words.Length > 1);
    }

    public IQueryable<StoredPrompt> Apply(IQueryable<StoredPrompt> prompts) => (Field, Descending) switch
    {
        (PromptOrderField.Name, false) => prompts.OrderBy(p => p.Name).ThenBy(p => p.Id),
        (PromptOrderField.Name, true) => prompts.OrderByDescending(p => p.Name).ThenByDescending(p => p.Id),
        (PromptOrderField.CreateTime, false) => prompts.OrderBy(p => p.CreateTime).ThenBy(p => p.Id),
        (PromptOrderField.CreateTime, true) => prompts.OrderByDescending(p => p.CreateTime).ThenByDescending(p => p.Id),
        (PromptOrderField.Version, false) => prompts.OrderBy(p => p.Version).ThenBy(p => p.Id),
        (PromptOrderField.Version, true) => prompts.OrderByDescending(p => p.Version).ThenByDescending(p => p.Id),
    };

    public PageToken EndOf(StoredPrompt last) => new(
        Field switch
        {
            PromptOrderField.Name => last.Name,
            PromptOrderField.CreateTime => last.CreateTime.UtcTicks.ToString(CultureInfo.InvariantCulture),
            PromptOrderField.Version => last.Version.ToString(CultureInfo.InvariantCulture),
        },
        last.Id);

    /// <summary>Whether a token's key is one of this order.</summary>
    public bool IsKey(string key) => Field is PromptOrderField.Name
        || (long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= DateTime.MaxValue.Ticks);

    /// <summary>What comes behind the page that ended with <paramref name="end"/>.</summary>
    public IQueryable<StoredPrompt> After(IQueryable<StoredPrompt> prompts, PageToken? end) => end switch
    {
        null => prompts,
        _ => Field switch
        {
            PromptOrderField.Name => AfterName(prompts, end.Key, end.Id),
            PromptOrderField.CreateTime => AfterTime(prompts, new DateTimeOffset(Number(end), TimeSpan.Zero), end.Id),
            PromptOrderField.Version => AfterVersion(prompts, Number(end), end.Id),
        },
    };

    // The bound that stands alone lets the index begin there.
    private IQueryable<StoredPrompt> AfterName(IQueryable<StoredPrompt> prompts, string name, long id) => Descending
        ? prompts.Where(p => p.Name.CompareTo(name) <= 0 && (p.Name != name || p.Id < id))
        : prompts.Where(p => p.Name.CompareTo(name) >= 0 && (p.Name != name || p.Id > id));

    private IQueryable<StoredPrompt> AfterTime(IQueryable<StoredPrompt> prompts, DateTimeOffset time, long id) => Descending
        ? prompts.Where(p => p.CreateTime <= time && (p.CreateTime != time || p.Id < id))
        : prompts.Where(p => p.CreateTime >= time && (p.CreateTime != time || p.Id > id));

    private IQueryable<StoredPrompt> AfterVersion(IQueryable<StoredPrompt> prompts, long version, long id) => Descending
        ? prompts.Where(p => p.Version <= version && (p.Version != version || p.Id < id))
        : prompts.Where(p => p.Version >= version && (p.Version != version || p.Id > id));

    private static long Number(PageToken end) => long.Parse(end.Key, CultureInfo.InvariantCulture);
}
