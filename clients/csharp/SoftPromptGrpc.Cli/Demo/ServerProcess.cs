using System.Diagnostics;
using System.Text.RegularExpressions;

namespace SoftPromptGrpc.Cli.Demo;

/// <summary>A server of one's own: on a free loopback port, with a data directory that goes when it goes. Disposal ends it.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int LinesKept = 20;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly DirectoryInfo _data;
    private readonly Queue<string> _lastLines = new();
    private readonly TaskCompletionSource<Uri?> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(FileInfo server, string modelId, DirectoryInfo model, string[] settings)
    {
        _data = Directory.CreateTempSubdirectory("softprompt-demo-");
        _process = new Process { StartInfo = StartInfo(server, modelId, model, _data, settings) };
        _process.OutputDataReceived += (_, e) => OnLine(e.Data);
        _process.ErrorDataReceived += (_, e) => OnLine(e.Data);
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => _address.TrySetResult(null);
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>The operating system's number of the process.</summary>
    public int Id => _process.Id;

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <param name="settings">More of the command line, such as "--Server:DataDirectory=...": a directory given here stays.</param>
    /// <exception cref="DemoException">It did not come up; its last words are in the message.</exception>
    public static async Task<ServerProcess> StartAsync(
        FileInfo server, string modelId, DirectoryInfo model, CancellationToken cancellationToken, params string[] settings)
    {
        var process = new ServerProcess(server, modelId, model, settings);
        try
        {
            await process.StartAsync(cancellationToken);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>For when it does not answer any more.</summary>
    public DemoException Lost() => new("The server does not answer any more.", LastLines());

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        if (Kill())
            await _process.WaitForExitAsync();
        _process.Dispose();
        _data.Delete(recursive: true);
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            Address = await _address.Task.WaitAsync(StartTimeout, cancellationToken) ?? throw await EndedAsync(cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new DemoException($"The server did not listen within {StartTimeout.TotalSeconds:0} s.", LastLines());
        }
    }

    private async Task<DemoException> EndedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return new DemoException($"The server ended with exit code {_process.ExitCode} before it listened.", LastLines());
    }

    private static ProcessStartInfo StartInfo(FileInfo server, string modelId, DirectoryInfo model, DirectoryInfo data, string[] settings)
    {
        string[] arguments =
        [
            server.FullName,
            "--Server:Listen=http://127.0.0.1:0",
            $"--Server:DataDirectory={data.FullName}",
            $"--Models:0:Id={modelId}",
            $"--Models:0:Path={model.FullName}",
            .. settings,
        ];
        return new ProcessStartInfo(DemoFiles.Dotnet(), arguments)
        {
            WorkingDirectory = server.DirectoryName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private void OnLine(string? line)
    {
        if (line is null)
            return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > LinesKept)
                _lastLines.Dequeue();
        }

        if (Listening().Match(line) is { Success: true } match)
            _address.TrySetResult(new Uri(match.Groups[1].Value));
    }

    private string[] LastLines()
    {
        lock (_lastLines)
            return [.. _lastLines];
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        if (Kill() && _process.WaitForExit(ExitTimeout))
            _data.Delete(recursive: true);
    }

    /// <summary>False where it was never started.</summary>
    private bool Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"Listening on (http://\S+?)\.?$")]
    private static partial Regex Listening();
}
