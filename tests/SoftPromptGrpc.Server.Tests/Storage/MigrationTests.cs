using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>A store of the first released version, with data in every table, under this version.</summary>
public sealed class MigrationTests : IDisposable
{
    private static readonly SoftPrompt Numbers = new(2, 3, [1, 2, 3, 4, 5, 6], "print");

    private readonly StoreFile _file = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Start_StoreOfTheFirstVersion_KeepsItsPrompts()
    {
        await FillFirstVersionAsync();

        var prompts = new PromptStore(_file.Open(), new TensorCache(0), Unlimited.Quotas, TimeProvider.System);
        var found = await prompts.FindAsync(PromptReference.Parse("old"), _ct);
        var loaded = Assert.IsType<SoftPrompt>(await prompts.LoadAsync(found, _ct));

        Assert.Equal((PromptMethod.PromptTuning, 2, 3), (found.Method, found.VirtualTokens, found.Width));
        Assert.Equal(Numbers.Values.ToArray(), loaded.Values.ToArray());
        Assert.Equal("v", found.Labels["k"]);
        Assert.Equal(1, (await prompts.FindAsync(PromptReference.Parse("older@prod"), _ct)).Version);
        var listed = await prompts.ListAsync(new(new([]), new(PromptOrderField.Name, false), false, false, 10, null, ""), _ct);
        Assert.Equal(["old@1", "older@2"], listed.Prompts.Select(prompt => prompt.Reference.ToString()));
        var next = await prompts.AddAsync(
            new("older", "m", Numbers, TextTemplate.None, new Dictionary<string, string>(), _ => ""), _ct);
        Assert.Equal(8, next.Version);
    }

    [Fact]
    public async Task Start_StoreOfTheFirstVersion_KeepsItsJobs()
    {
        await FillFirstVersionAsync();

        await using var store = _file.Open().CreateDbContext();
        var job = await store.Jobs.SingleAsync(_ct);

        Assert.Equal(("id", "request", SingleTenant.Default), (job.Id, job.RequestId, job.Tenant));
        Assert.Equal([1], (await store.JobRequests.SingleAsync(_ct)).Spec);
        Assert.Equal([2], (await store.Events.SingleAsync(_ct)).Body);
        Assert.Equal([3], (await store.Checkpoints.SingleAsync(_ct)).State);
    }

    [Fact]
    public async Task Start_StoreOfTheFirstVersion_BelongsToTheDefaultTenant()
    {
        await FillFirstVersionAsync();

        await using var store = _file.Open("another").CreateDbContext();

        Assert.False(await store.Prompts.AnyAsync(_ct));
        Assert.False(await store.Jobs.AnyAsync(_ct));
        await using var whole = ((IDbContextFactory<WholeStore>)_file.Open()).CreateDbContext();
        Assert.All(await whole.Prompts.Select(p => p.Tenant).ToListAsync(_ct), tenant => Assert.Equal(SingleTenant.Default, tenant));
    }

    private async Task FillFirstVersionAsync()
    {
        await using var store = _file.Contexts().CreateDbContext();
        await store.GetService<IMigrator>().MigrateAsync("Initial", _ct);
        await store.Database.ExecuteSqlAsync($"INSERT INTO Tensors VALUES ({Numbers.ContentHash}, {Numbers.Bytes.ToArray()})", _ct);
        await store.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO Prompts (
                Id, Name, Version, ModelId, ModelFingerprint, Method, VirtualTokens, HiddenSize, ContentHash, Template, Description,
                Lineage, CreateTime, Revision)
            VALUES
                (1, 'old', 1, 'm', 'print', 0, 2, 3, {Numbers.ContentHash}, {"{input}"}, '', '', 5, 0),
                (2, 'older', 1, 'm', 'print', 0, 2, 3, {Numbers.ContentHash}, {"{input}"}, '', '', 5, 0),
                (3, 'older', 2, 'm', 'print', 0, 2, 3, {Numbers.ContentHash}, {"{input}"}, '', '', 5, 0)
            """, _ct);
        await store.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO Names VALUES ('old', 1), ('older', 7);
            INSERT INTO Aliases VALUES ('older', 'prod', 2);
            INSERT INTO StoredLabel VALUES (1, 'k', 'v');
            INSERT INTO Jobs (
                Number, Id, RequestId, State, ModelId, PromptName, Priority, Spec, Report, CreateTime, TrainingTime, Step, TotalSteps,
                LastSequence, Attempts, Crashes, CancelRequested)
            VALUES (5, 'id', 'request', 1, 'm', 'old', 0, x'', x'', 5, 0, 0, 0, 1, 0, 0, 0);
            INSERT INTO JobRequests VALUES (5, x'01');
            INSERT INTO Events VALUES (5, 1, x'02');
            INSERT INTO Checkpoints VALUES (5, 4, x'03');
            """, _ct);
    }
}
