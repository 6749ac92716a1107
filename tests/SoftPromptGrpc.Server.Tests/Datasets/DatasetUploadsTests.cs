using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Datasets;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;

namespace SoftPromptGrpc.Server.Tests.Datasets;

public abstract class DatasetUploadsTests : IDisposable
{
    private const int MaxBytes = 3 << 20;
    private const int MostBytesTogether = 4 << 20;

    private readonly TestStore _file;
    private readonly FakeTenant _caller = new();
    private readonly FakeTimeProvider _time = new();
    private readonly StoreContexts _contexts;
    private readonly DatasetStore _store;
    private readonly DatasetExamples _examples;
    private readonly DatasetUploads _uploads;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    protected DatasetUploadsTests(TestStore file)
    {
        _file = file;
        _contexts = file.Open(_caller);
        _store = new DatasetStore(_contexts, _time);
        var options = Options.Create(new DatasetOptions { MaxBytes = MaxBytes });
        _examples = new DatasetExamples(_store, options);
        var limits = Options.Create(new LimitOptions { DatasetBytes = MostBytesTogether });
        _uploads = new DatasetUploads(
            _store, _examples, new FakeCatalog([FakeModels.Create("tiny")]), new TenantQuotas(limits, new TenantScope(_caller), _time), options);
    }

    public void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Upload_SmallContent_IsReportedAndReadable()
    {
        byte[] content = [.. Rows(("good", "yes"), ("bad", "no"), ("good", "yes"), ("bad", "yes"), ("", "no"))];

        var stored = await UploadAsync(content, Description(content) with { Model = "tiny" });
        var report = DatasetReport.Parser.ParseFrom(stored.Report);

        Assert.Equal(Hash(content), stored.Sha256);
        Assert.Equal((5, 1, 2, 1), (report.ExampleCount, report.DuplicateCount, report.ContradictoryCount, report.EmptyInputCount));
        Assert.Equal(["yes 3", "no 2"], report.Labels.Select(l => $"{l.Label.Text} {l.Count}"));
        Assert.Equal((1, 4, 5, 5), (report.InputTokens.Min, report.InputTokens.P50, report.InputTokens.P90, report.InputTokens.Max));
        Assert.Equal(5, (await _examples.ReadAsync($"sha256:{stored.Sha256}", _ct)).Count);
        Assert.Equal(content.Length, await _store.StoredBytesAsync(_ct));
    }

    [Fact]
    public async Task Upload_WithoutHashOrModel_CountsNoTokens()
    {
        byte[] content = [.. Rows(("a", "b"))];

        var stored = await UploadAsync(content, Description(content) with { Sha256 = "" });
        var again = await UploadAsync(content, Description(content) with { Sha256 = "" });

        Assert.Equal((Hash(content), stored.Number), (stored.Sha256, again.Number));
        Assert.Null(DatasetReport.Parser.ParseFrom(stored.Report).InputTokens);
        Assert.Single((await _store.ListAsync(10, null, _ct)).Datasets);
    }

    [Fact]
    public async Task Upload_Interrupted_IsContinuedWhereItStopped()
    {
        byte[] content = [.. Rows([.. Enumerable.Range(0, 60_000).Select(i => ($"input {i}", $"{i % 2}"))])];
        var description = Description(content);
        await Assert.ThrowsAsync<IOException>(() => UploadAsync(content, description, breakAt: 1_200_000));

        await NotFoundAsync(() => _store.FindAsync($"sha256:{description.Sha256}", _ct));
        var lie = await Assert.ThrowsAsync<SoftPromptException>(() => UploadAsync(content, description with { ResumeOffset = 5 }));
        var offset = long.Parse(lie.Metadata["resume_offset"], System.Globalization.CultureInfo.InvariantCulture);
        var stored = await UploadAsync(content[(int)offset..], description with { ResumeOffset = offset });

        Assert.Equal((ErrorKind.Conflict, true), (lie.Kind, offset is >= 1_100_000 and <= 1_200_000));
        Assert.Equal((content.Length, 60_000), (stored.Size, (await _examples.ReadAsync($"sha256:{stored.Sha256}", _ct)).Count));
    }

    [Fact]
    public async Task Upload_ContinuedWithOtherBytes_IsDataLossAndGone()
    {
        byte[] content = [.. Rows(("a", "b"), ("c", "d"))];
        var description = Description(content);
        await Assert.ThrowsAsync<IOException>(() => UploadAsync(content, description, breakAt: 10));

        var error = await Assert.ThrowsAsync<SoftPromptException>(
            () => UploadAsync(Encoding.UTF8.GetBytes("something else"), description with { ResumeOffset = 10 }));

        Assert.Equal(ErrorKind.Corrupt, error.Kind);
        Assert.Equal(0, await _store.StoredBytesAsync(_ct));
    }

    [Fact]
    public async Task Upload_OffsetOfNothing_NamesZero()
    {
        byte[] content = [.. Rows(("a", "b"))];

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => UploadAsync(content, Description(content) with { ResumeOffset = 1L << 60 }));

        Assert.Equal("0", error.Metadata["resume_offset"]);
    }

    [Fact]
    public async Task Upload_TooLarge_IsRefusedBeforeItIsStored()
    {
        var content = new byte[MaxBytes + 1];

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => UploadAsync(content, Description(content) with { Sha256 = "" }));

        Assert.Equal((ErrorKind.Overloaded, "DATASET_TOO_LARGE"), (error.Kind, error.Reason));
        Assert.Equal(0, await _store.StoredBytesAsync(_ct));
    }

    [Fact]
    public async Task Upload_OverTheQuota_IsRefusedAndLeavesRoom()
    {
        byte[] First() => [.. Rows([.. Enumerable.Range(0, 60_000).Select(i => ($"input {i}", "t"))])];
        var (first, second) = (First(), Encoding.UTF8.GetBytes("\n").Concat(First()).ToArray());
        await UploadAsync(first, Description(first));

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => UploadAsync(second, Description(second)));

        Assert.Equal(("DatasetBytes", MostBytesTogether), (error.Quota!.Limit, error.Quota.Value));
        Assert.Equal(first.Length, await _store.StoredBytesAsync(_ct));
    }

    [Fact]
    public async Task Upload_BadRows_TellsThemAndKeepsNothing()
    {
        var content = Encoding.UTF8.GetBytes("{\"input\":\"a\"}\nx\n{\"input\":\"a\",\"target\":\"b\"}\n");

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => UploadAsync(content, Description(content)));

        Assert.Equal(["rows[1].target", "rows[2]"], error.Violations.Select(v => v.Field));
        Assert.Equal(0, await _store.StoredBytesAsync(_ct));
    }

    [Fact]
    public async Task Upload_SameContentWithOtherFields_IsRefused()
    {
        var content = Encoding.UTF8.GetBytes("{\"input\":\"a\",\"target\":\"b\",\"label\":\"c\"}");
        await UploadAsync(content, Description(content));

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => UploadAsync(content, Description(content) with { TargetField = "label" }));

        Assert.Equal(ErrorKind.AlreadyExists, error.Kind);
    }

    [Fact]
    public async Task Upload_ContentOfAnotherTenant_IsItsOwn()
    {
        byte[] content = [.. Rows(("a", "b"))];
        await UploadAsync(content, Description(content));
        _caller.Name = "b";

        await NotFoundAsync(() => _store.FindAsync($"sha256:{Hash(content)}", _ct));
        Assert.Equal(0, await _store.StoredBytesAsync(_ct));
        await UploadAsync(content, Description(content));
        await _store.DeleteAsync($"sha256:{Hash(content)}", _ct);

        _caller.Name = SingleTenant.Default;
        Assert.Single(await _examples.ReadAsync($"sha256:{Hash(content)}", _ct));
    }

    [Fact]
    public async Task Begin_AfterTheResumeWindow_ForgetsWhatWasInterrupted()
    {
        byte[] content = [.. Rows(("a", "b"))];
        await Assert.ThrowsAsync<IOException>(() => UploadAsync(content, Description(content), breakAt: 5));
        _time.Advance(TimeSpan.FromDays(2));
        byte[] other = [.. Rows(("c", "d"))];
        await UploadAsync(other, Description(other));

        Assert.Equal(other.Length, await _store.StoredBytesAsync(_ct));
        await using var store = _contexts.CreateDbContext();
        Assert.Equal(1, await store.Chunks.CountAsync(_ct));
    }

    [Fact]
    public async Task List_Pages_GoFromTheNewestToTheOldest()
    {
        for (var i = 0; i < 5; i++)
        {
            byte[] content = [.. Rows(($"{i}", "t"))];
            await UploadAsync(content, Description(content) with { DisplayName = $"{i}" });
        }

        var first = await _store.ListAsync(3, null, _ct);
        var token = Paging.PageToken.Parse(first.NextPageToken, "", _ => true, new Violations());
        var second = await _store.ListAsync(3, token, _ct);

        Assert.Equal(["4", "3", "2"], first.Datasets.Select(d => d.DisplayName));
        Assert.Equal(["1", "0"], second.Datasets.Select(d => d.DisplayName));
        Assert.Empty(second.NextPageToken);
    }

    private Task<StoredDataset> UploadAsync(byte[] content, DatasetDescription description, int? breakAt = null) =>
        _uploads.UploadAsync(description, Pieces(content, breakAt), _ct);

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] content, int? breakAt)
    {
        foreach (var piece in content[..(breakAt ?? content.Length)].Chunk(100_000))
        {
            await Task.Yield();
            yield return piece;
        }
        if (breakAt is not null)
            throw new IOException("The connection broke.");
    }

    private static DatasetDescription Description(byte[] content) => new("", DatasetFormat.Jsonl, "input", "target", "", Hash(content), 0);

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Rows(params (string Input, string Target)[] rows) => Encoding.UTF8.GetBytes(
        string.Concat(rows.Select(row => $$"""{"input":"{{row.Input}}","target":"{{row.Target}}"}""" + "\n")));

    private static async Task NotFoundAsync(Func<Task> act) =>
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SoftPromptException>(act)).Kind);
}

public sealed class SqliteDatasetUploadsTests() : DatasetUploadsTests(new StoreFile());

public sealed class PostgresDatasetUploadsTests() : DatasetUploadsTests(new PostgresDatabase());
