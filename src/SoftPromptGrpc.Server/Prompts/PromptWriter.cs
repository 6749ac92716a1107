using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Prompts;

internal static class PromptWriter
{
    /// <summary>Gives the prompt its version. Call it within a transaction: all is written when that commits.</summary>
    public static async Task<StoredPrompt> AddPromptAsync(
        this StoreContext store, NewPrompt prompt, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await store.LockAsync(LockOf(store.Tenant, prompt.Name), cancellationToken);
        await store.LockAsync(LockOf(prompt.Numbers.ContentHash), cancellationToken);
        var name = await store.Names.FindAsync([store.Tenant, prompt.Name], cancellationToken) ?? store.Names.Add(new StoredName { Name = prompt.Name }).Entity;
        var reference = PromptReference.Of(prompt.Name, ++name.LastVersion);
        var numbers = prompt.Numbers;
        if (!await store.Tensors.IgnoreQueryFilters().AnyAsync(t => t.ContentHash == numbers.ContentHash, cancellationToken))
            store.Tensors.Add(new StoredTensor { ContentHash = numbers.ContentHash, Values = numbers.Bytes.ToArray() });
        var stored = store.Prompts.Add(new StoredPrompt
        {
            Name = prompt.Name,
            Version = name.LastVersion,
            ModelId = prompt.ModelId,
            ModelFingerprint = numbers.ModelFingerprint,
            Method = prompt.Method,
            VirtualTokens = numbers.VirtualTokens,
            Width = numbers.Width,
            Shape = string.Join('x', numbers.Shape),
            ContentHash = numbers.ContentHash,
            Template = prompt.Template.Pattern,
            Lineage = prompt.Lineage(reference),
            CreateTime = time,
            Labels = [.. prompt.Labels.Select(l => new StoredLabel { Key = l.Key, Value = l.Value })],
        });
        await store.SaveChangesAsync(cancellationToken);
        await store.SettleStandingsAsync(prompt.Name, cancellationToken);
        if (prompt.Trained is { } trained)
        {
            store.Trainables.Add(new StoredTrainable { PromptId = stored.Entity.Id, Content = TrainableFormat.Write(trained) });
            await store.SaveChangesAsync(cancellationToken);
        }
        return stored.Entity;
    }

    /// <param name="shape">As <see cref="StoredPrompt.Shape"/>.</param>
    public static int[] ShapeOf(string shape) => [.. shape.Split('x').Select(length => int.Parse(length, CultureInfo.InvariantCulture))];

    /// <summary>What changes of a name's versions wait for.</summary>
    public static string LockOf(string tenant, string name) => $"prompt/{tenant}/{name}";

    /// <summary>Taken after that of the name, and in the order of the hashes.</summary>
    public static string LockOf(string contentHash) => $"tensor/{contentHash}";

    public static string ETag(this StoredPrompt prompt) => $"{prompt.ContentHash[..16]}.{prompt.Revision}";

    /// <summary>After versions of a name were written, deleted or undeleted, and before that is committed.</summary>
    public static async Task SettleStandingsAsync(this StoreContext store, string name, CancellationToken cancellationToken)
    {
        var versions = store.Prompts.Where(p => p.Name == name);
        var newest = await versions.Where(p => p.DeleteTime == null).MaxAsync(p => (int?)p.Version, cancellationToken);
        await versions.ExecuteUpdateAsync(
            set => set.SetProperty(
                p => p.Standing,
                p => p.DeleteTime != null ? PromptStanding.Deleted : p.Version == newest ? PromptStanding.Newest : PromptStanding.Older),
            cancellationToken);
    }

    public static PromptRecord ToRecord(this StoredPrompt prompt) => new(
        prompt.Name,
        prompt.Version,
        prompt.ModelId,
        prompt.ModelFingerprint,
        prompt.Method,
        prompt.VirtualTokens,
        prompt.Width,
        ShapeOf(prompt.Shape),
        prompt.ContentHash,
        new TextTemplate(prompt.Template),
        prompt.Labels.ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal),
        prompt.Lineage,
        prompt.CreateTime,
        prompt.ETag())
    {
        Description = prompt.Description,
        Aliases = [.. prompt.Aliases.Select(a => a.Alias).Order(StringComparer.Ordinal)],
        DeleteTime = prompt.DeleteTime,
    };
}
