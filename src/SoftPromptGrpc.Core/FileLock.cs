namespace SoftPromptGrpc.Core;

/// <summary>A lock between processes: a file opened exclusively, which the system lets go of when its holder dies.</summary>
public static class FileLock
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until nobody else holds the lock. Disposing the result frees it; the file stays.</summary>
    /// <param name="path">In a directory that exists.</param>
    public static async Task<IDisposable> AcquireAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(Interval, time, cancellationToken);
            }
        }
    }
}
