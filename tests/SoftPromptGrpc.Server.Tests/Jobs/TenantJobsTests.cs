using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Tests.Storage;
using State = SoftPromptGrpc.Contracts.V1.TrainingJobState;

namespace SoftPromptGrpc.Server.Tests.Jobs;

public abstract class TenantJobsTests(TestStore file) : IDisposable
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        file.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Run_JobsOfTwoTenants_GivesEachItsPrompt()
    {
        await using var host = new JobsHost(file);
        host.Tenant.Name = "a";
        var first = await host.Jobs.SubmitAsync(Specs.Small(), "request", _ct);
        host.Tenant.Name = "b";
        var second = await host.Jobs.SubmitAsync(Specs.Small(), "request", _ct);
        await host.StartAsync();
        await host.WatchAsync(second.Id, 0, _ct);

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(State.Succeeded, (await host.Jobs.GetAsync(second.Id, _ct)).State);
        Assert.Equal(1, (await host.Prompts.FindAsync(PromptReference.Parse("small"), _ct)).Version);
        host.Tenant.Name = "a";
        Assert.Equal(State.Succeeded, (await host.Jobs.GetAsync(first.Id, _ct)).State);
        Assert.Equal(1, (await host.Prompts.FindAsync(PromptReference.Parse("small"), _ct)).Version);
        host.Tenant.Name = "c";
        await NotFoundAsync(() => host.Prompts.FindAsync(PromptReference.Parse("small"), _ct));
    }

    [Fact]
    public async Task Get_JobOfAnother_IsNotThere()
    {
        await using var host = new JobsHost(file);
        host.Tenant.Name = "a";
        var theirs = await host.Jobs.SubmitAsync(Specs.Small(), "", _ct);
        host.Tenant.Name = "b";

        await NotFoundAsync(() => host.Jobs.GetAsync(theirs.Id, _ct));
        await NotFoundAsync(() => host.Jobs.CancelAsync(theirs.Id, _ct));
        await NotFoundAsync(() => host.WatchAsync(theirs.Id, 0, _ct));
        Assert.Empty((await host.Jobs.ListAsync(new([], "", "", 10, null, ""), _ct)).Jobs);
        var ours = await host.Jobs.SubmitAsync(Specs.Small(), "", _ct);
        Assert.Equal(1, (await host.Jobs.GetAsync(ours.Id, _ct)).QueuePosition);
    }

    [Fact]
    public async Task Start_AfterACrash_RecoversTheJobsOfAllTenants()
    {
        await using (var crashed = new JobsHost(file))
        {
            crashed.Tenant.Name = "a";
            await crashed.Jobs.SubmitAsync(Specs.Small(), "request", _ct);
            await (await crashed.Store.ClaimNextAsync(_ct))!.Ownership.DisposeAsync(); // A dead process owns nothing.
        }

        await using var host = new JobsHost(file, options => options.MaxCrashes = 1);
        await host.StartAsync();
        host.Tenant.Name = "a";
        var job = await host.Jobs.SubmitAsync(Specs.Small(), "request", _ct);
        await host.WatchAsync(job.Id, 0, _ct);

        Assert.Equal(State.Failed, (await host.Jobs.GetAsync(job.Id, _ct)).State);
    }

    private static async Task NotFoundAsync(Func<Task> act) =>
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SoftPromptException>(act)).Kind);
}

public sealed class SqliteTenantJobsTests() : TenantJobsTests(new StoreFile());

public sealed class PostgresTenantJobsTests() : TenantJobsTests(new PostgresDatabase());
