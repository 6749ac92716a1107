using Grpc.Core;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Tests.Jobs;

namespace SoftPromptGrpc.Server.Tests.Storage;

public sealed class StoreFailuresTests : IAsyncDisposable
{
    private readonly StoreFile _file = new();
    private readonly JobsHost _host;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public StoreFailuresTests() => _host = new JobsHost(_file);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _file.Dispose();
    }

    [Theory]
    [InlineData("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", StatusCode.ResourceExhausted)]
    [InlineData("PRAGMA query_only = ON", "PRAGMA query_only = OFF", StatusCode.Unavailable)]
    public async Task Submit_WhileTheStoreTakesNothing_IsRefusedAndLeavesNothing(string fault, string repair, StatusCode expected)
    {
        await SubmitAsync();
        await ExecuteAsync(fault); // On the one connection that the pool has.

        var error = await Record.ExceptionAsync(SubmitAsync);
        await ExecuteAsync(repair);

        Assert.Equal((int)expected, ErrorStatus.Of(error!).Code);
        Assert.DoesNotContain(_file.Folder, ErrorStatus.Of(error!).Message, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync());
        await SubmitAsync();
        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task Read_DamagedPages_IsDataLoss()
    {
        for (var i = 0; i < 20; i++)
            await SubmitAsync();
        await ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        SqliteConnection.ClearAllPools();
        await using (var file = new FileStream(Path.Combine(_file.Folder, "store.db"), FileMode.Open))
        {
            file.Position = 4096; // The first page says what the tables are.
            var garbage = new byte[file.Length - file.Position];
            Array.Fill(garbage, (byte)0xA5);
            await file.WriteAsync(garbage, _ct);
        }

        var error = await Record.ExceptionAsync(CountAsync);

        Assert.Equal((int)StatusCode.DataLoss, ErrorStatus.Of(error!).Code);
    }

    private Task SubmitAsync() => _host.Jobs.SubmitAsync(Specs.Small(spec => spec.Examples = Specs.Examples(500)), "", _ct);

    private async Task<int> CountAsync()
    {
        await using var store = await _host.Contexts.CreateDbContextAsync(_ct);
        return (await store.Jobs.ToListAsync(_ct)).Count;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var store = await _host.Contexts.CreateDbContextAsync(_ct);
        await store.Database.ExecuteSqlRawAsync(sql, _ct);
    }
}
