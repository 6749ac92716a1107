using System.Text;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Datasets;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Storage;
using PromptReference = SoftPromptGrpc.Core.Prompts.PromptReference;
using State = SoftPromptGrpc.Contracts.V1.TrainingJobState;

namespace SoftPromptGrpc.Server.Tests.Jobs;

public sealed class DatasetJobsTests : IAsyncDisposable
{
    private readonly StoreFile _file = new();
    private readonly JobsHost _host;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public DatasetJobsTests() => _host = new JobsHost(_file);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    public async Task Train_OnADataset_IsTheTrainingOnItsExamples()
    {
        var id = await UploadAsync(4);
        var inline = (await _host.Planner.PlanAsync(Specs.Small(), _ct)).Report;
        await _host.StartAsync();

        var job = await _host.Jobs.SubmitAsync(Specs.Small(s => s.Dataset = id), "", _ct);
        await _host.WatchAsync(job.Id, 0, _ct);
        var stored = await _host.Jobs.GetAsync(job.Id, _ct);
        var prompt = await _host.Prompts.FindAsync(PromptReference.Parse("small"), _ct);

        Assert.Equal((State.Succeeded, id), (stored.State, stored.Spec.Dataset));
        Assert.Equal(inline, stored.DatasetReport);
        Assert.Equal(id, Lineages.Read(prompt.Lineage).Trained.Spec.Dataset);
    }

    [Fact]
    public async Task Plan_EvaluationDataset_ReportsItsOverlap()
    {
        var (training, evaluation) = (await UploadAsync(4), await UploadAsync(2));

        var planned = await _host.Planner.PlanAsync(
            Specs.Small(s => (s.Dataset, s.Evaluation) = (training, new() { Dataset = evaluation })), _ct);

        Assert.Equal((4, 2, 2), (planned.Report.ExampleCount, planned.Report.EvaluationExampleCount, planned.Report.OverlapCount));
    }

    [Fact]
    public async Task Submit_UnknownDataset_IsNotFound()
    {
        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _host.Jobs.SubmitAsync(Specs.Small(s => s.Dataset = "sha256:0"), "", _ct));

        Assert.Equal((ErrorKind.NotFound, "DATASET_NOT_FOUND"), (error.Kind, error.Reason));
    }

    [Fact]
    public async Task Delete_DatasetOfAnUnfinishedJob_IsRefusedUntilItEnds()
    {
        var id = await UploadAsync(4);
        var job = await _host.Jobs.SubmitAsync(Specs.Small(s => s.Dataset = id), "", _ct);

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _host.Datasets.DeleteAsync(id, _ct));
        await _host.Jobs.CancelAsync(job.Id, _ct);
        await _host.Datasets.DeleteAsync(id, _ct);

        Assert.Equal(ErrorKind.Precondition, error.Kind);
        Assert.Equal(0, await _host.Datasets.StoredBytesAsync(_ct));
    }

    private async Task<string> UploadAsync(int count)
    {
        var lines = Specs.Examples(count).Examples.Select(e => $$"""{"input":"{{e.Input.Text}}","target":"{{e.Target.Text}}"}""");
        var content = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        var description = new DatasetDescription("", DatasetFormat.Jsonl, "input", "target", "", "", 0);
        return $"sha256:{(await _host.Uploads.UploadAsync(description, new ReadOnlyMemory<byte>[] { content }.ToAsyncEnumerable(), _ct)).Sha256}";
    }
}
