using Microsoft.Extensions.Logging;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>Logs a download's progress whenever another tenth has arrived.</summary>
internal sealed class DownloadProgress(string repository, RemoteFile file, ILogger logger)
{
    private const int Steps = 10;

    private int _step = -1;

    /// <param name="done">Bytes of the whole file that are here.</param>
    public void Report(long done)
    {
        var step = file.Length == 0 ? Steps : (int)(Steps * (double)done / file.Length);
        if (step == _step)
            return;
        _step = step;
        logger.Downloading(repository, file.Name, done, file.Length, step * 100 / Steps);
    }
}
