using System.Net;
using Microsoft.Extensions.Logging;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>
/// Brings one file into the cache: into a part file, which a break leaves for the next attempt to go on with, and by a rename once
/// its length and hash are right. The caller holds the blob's lock.
/// </summary>
internal sealed class BlobDownload(HubClient client, HubSettings settings, CacheLayout layout, TimeProvider time, ILogger logger)
{
    /// <summary>Attempts in a row that bring nothing new.</summary>
    private const int MaxFruitless = 5;

    private const int BufferLength = 1 << 17;

    public async Task RunAsync(HubReference reference, string commit, RemoteFile file, CancellationToken cancellationToken)
    {
        var part = layout.Part(file.Hash);
        for (var fruitless = 0; ;)
        {
            var before = LengthOf(part);
            try
            {
                await ContinueAsync(reference, commit, file, part, cancellationToken);
                if (await ContentHash.MatchesAsync(part, file.Hash, cancellationToken))
                    break;
                File.Delete(part);
                throw new SoftPromptException(
                    ErrorKind.Corrupt, $"{file.Name} of '{reference.Repository}' does not arrive as its hash says.");
            }
            catch (SoftPromptException e) when (IsWorthAnotherTry(e) && ++fruitless < MaxFruitless)
            {
                if (LengthOf(part) > before)
                    fruitless = 0;
                logger.DownloadBroken(reference.Repository, file.Name, LengthOf(part), file.Length);
                await Task.Delay(settings.ResumeDelay * (1 << fruitless), time, cancellationToken);
            }
        }
        File.Move(part, layout.Blob(file.Hash), overwrite: true);
    }

    private static bool IsWorthAnotherTry(SoftPromptException e) =>
        e.Kind == ErrorKind.Corrupt || e.Reason == HubErrors.UnreachableReason;

    private static long LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private async Task ContinueAsync(
        HubReference reference, string commit, RemoteFile file, string part, CancellationToken cancellationToken)
    {
        try
        {
            await using var target = new FileStream(
                part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            if (target.Length > file.Length)
                target.SetLength(0);
            target.Position = target.Length;
            if (target.Length < file.Length || file.Length == 0)
                await AppendAsync(reference, commit, file, target, cancellationToken);
            target.Flush(flushToDisk: true);
        }
        catch (IOException e) when (HubErrors.IsDiskFull(e))
        {
            throw HubErrors.DiskFull(reference, file.Name, e);
        }
    }

    private async Task AppendAsync(
        HubReference reference, string commit, RemoteFile file, FileStream target, CancellationToken cancellationToken)
    {
        using var response = await client.OpenAsync(reference, commit, file.Name, target.Position, cancellationToken);
        if (StartOf(response) != target.Position)
            target.SetLength(0);
        var progress = new DownloadProgress(reference.Repository, file, logger);
        await using var source = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[BufferLength];
        while (await ReadAsync(source, buffer, reference, cancellationToken) is var count and > 0)
        {
            if (target.Position + count > file.Length)
                throw Discard(target, reference, file);
            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            progress.Report(target.Position);
        }
        if (target.Position < file.Length)
            throw HubErrors.Unreachable(reference, null);
    }

    /// <summary>Where the body begins in the file.</summary>
    private static long StartOf(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? -1 : 0;

    private static SoftPromptException Discard(FileStream target, HubReference reference, RemoteFile file)
    {
        target.SetLength(0);
        return new SoftPromptException(ErrorKind.Corrupt, $"{file.Name} of '{reference.Repository}' arrives longer than the hub said.");
    }

    private async Task<int> ReadAsync(Stream source, Memory<byte> buffer, HubReference reference, CancellationToken cancellationToken)
    {
        using var stall = new CancellationTokenSource(settings.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellationToken);
        try
        {
            return await source.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw HubErrors.Unreachable(reference, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw HubErrors.Unreachable(reference, e);
        }
    }
}
