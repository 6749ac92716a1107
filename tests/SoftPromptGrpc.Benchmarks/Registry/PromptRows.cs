using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Benchmarks.Registry;

/// <summary>A store filled without a server: the rows that it would have written, many at a time.</summary>
internal static class PromptRows
{
    private const int VirtualTokens = 20;
    private const int Contents = 1000;
    private const int Teams = 50;
    private const int RowsPerWrite = 5000;

    private static readonly string Lineage = Lineages.Trained(
        "job",
        new TrainingSpec { Prompt = "task", Initialization = new(), Steps = 1000, BatchSize = 8, Seed = 42 },
        new string('a', 64),
        new TrainingResult { Prompt = "task@1" });

    /// <summary>Of the n-th prompt: four of five names have one version, the fifth two.</summary>
    public static string NameOf(int n) => $"task-{n * 5 / 6:000000}";

    /// <param name="count">In all; the first thousand have contents of their own.</param>
    public static async Task WriteAsync(string dataDirectory, BaseModel model, int count, CancellationToken cancellationToken)
    {
        var options = (DbContextOptions<StoreContext>)new DbContextOptionsBuilder<StoreContext>().UseStoreFile(dataDirectory).Options;
        SoftPrompt[] contents = [.. Enumerable.Range(0, Math.Min(count, Contents)).Select(i => Prompt(model, i))];
        await using (var store = new StoreContext(options, SingleTenant.Default))
        {
            await store.Database.MigrateAsync(cancellationToken);
            store.Tensors.AddRange(contents.Select(c => new StoredTensor { ContentHash = c.ContentHash, Values = c.Bytes.ToArray() }));
            await store.SaveChangesAsync(cancellationToken);
        }
        foreach (var some in Enumerable.Range(0, count).Chunk(RowsPerWrite))
        {
            await using var store = new StoreContext(options, SingleTenant.Default);
            store.Names.AddRange(some.Where(n => Version(n) == 1).Select(n => new StoredName { Name = NameOf(n), LastVersion = IsNewest(n, count) ? 1 : 2 }));
            store.Prompts.AddRange(some.Select(n => Row(n, model, contents[n % contents.Length], IsNewest(n, count))));
            await store.SaveChangesAsync(cancellationToken);
        }
    }

    private static SoftPrompt Prompt(BaseModel model, int seed)
    {
        var prompt = RandomModel.Prompt((DecoderSpec)model.Spec, VirtualTokens, (ulong)seed);
        return new(VirtualTokens, prompt.Width, prompt.Values.ToArray(), model.Fingerprint);
    }

    private static StoredPrompt Row(int n, BaseModel model, SoftPrompt content, bool isNewest) => new()
    {
        Name = NameOf(n),
        Version = Version(n),
        Standing = isNewest ? PromptStanding.Newest : PromptStanding.Older,
        ModelId = model.Id,
        ModelFingerprint = model.Fingerprint,
        Method = Core.Prompts.PromptMethod.PromptTuning,
        VirtualTokens = content.VirtualTokens,
        Width = content.Width,
        Shape = string.Join('x', content.Shape),
        ContentHash = content.ContentHash,
        Template = Core.Prompts.TextTemplate.None.Pattern,
        Lineage = Lineage,
        CreateTime = DateTimeOffset.UnixEpoch.AddSeconds(n),
        Labels = [new() { Key = "team", Value = $"t{n % Teams}" }, new() { Key = "stage", Value = n % 10 == 0 ? "prod" : "test" }],
    };

    private static int Version(int n) => n > 0 && NameOf(n - 1) == NameOf(n) ? 2 : 1;

    private static bool IsNewest(int n, int count) => n + 1 >= count || NameOf(n + 1) != NameOf(n);
}
