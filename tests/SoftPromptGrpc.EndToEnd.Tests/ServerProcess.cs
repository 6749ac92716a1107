using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Grpc.Net.Client;

namespace SoftPromptGrpc.EndToEnd.Tests;

/// <summary>The server as a process of its own, on a free port, with a temporary data directory that goes with it unless it is given one.</summary>
public sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly DirectoryInfo _data;
    private readonly bool _keepsData;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _metrics = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GrpcChannel? _channel;
    private Uri? _listening;

    private ServerProcess(IEnumerable<(string Key, string Value)> settings, DirectoryInfo? data = null)
    {
        (_data, _keepsData) = (data ?? Directory.CreateTempSubdirectory("softprompt-server-"), data is not null);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "SoftPromptGrpc.Server.dll"));
        start.ArgumentList.Add("--Server:Listen=http://127.0.0.1:0");
        start.ArgumentList.Add($"--Server:DataDirectory={_data.FullName}");
        foreach (var (key, value) in settings)
            start.ArgumentList.Add($"--{key}={value}");
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException($"The server has ended: {Errors}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Everything it has logged.</summary>
    public ConcurrentQueue<string> Output { get; } = new();

    public string Errors => string.Join('\n', _errors).Trim();

    public DateTimeOffset StartTime { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>Where metrics are, when it was told to listen for them.</summary>
    public Task<string> MetricsAddress => _metrics.Task;

    public GrpcChannel Channel => _channel!;

    public Uri Address => _listening!;

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts and waits until it listens.</summary>
    public static Task<ServerProcess> StartAsync(params (string Key, string Value)[] settings) =>
        StartAsync(new GrpcChannelOptions(), settings);

    /// <param name="channel">How it is called.</param>
    public static async Task<ServerProcess> StartAsync(GrpcChannelOptions channel, params (string Key, string Value)[] settings)
    {
        var server = new ServerProcess(settings);
        await server.ListenAsync(channel);
        return server;
    }

    /// <summary>Starts over a data directory that stays, and does not wait: <see cref="ListenAsync"/> does.</summary>
    public static ServerProcess Begin(DirectoryInfo data, params (string Key, string Value)[] settings) => new(settings, data);

    /// <summary>Waits until it listens.</summary>
    public async Task ListenAsync(GrpcChannelOptions? channel = null)
    {
        _listening = new(await _address.Task.WaitAsync(Patience));
        _channel = GrpcChannel.ForAddress(_listening, channel ?? new GrpcChannelOptions());
    }

    /// <summary>Runs until it ends by itself.</summary>
    public static async Task<(int ExitCode, string Errors)> RunAsync(params (string Key, string Value)[] settings)
    {
        await using var server = new ServerProcess(settings);
        return (await server.EndAsync(), server.Errors);
    }

    /// <summary>Asks it to stop, as an operating system would.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Whether it was killed, or is about to be.</summary>
    public bool IsKilled { get; private set; }

    /// <summary>Ends it at once, without a word to it.</summary>
    public async Task KillAsync()
    {
        IsKilled = true;
        _process.Kill();
        await EndAsync();
    }

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await EndAsync();
        _process.Dispose();
        if (!_keepsData)
            _data.Delete(recursive: true);
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        Output.Enqueue(line);
        if (Listening().Match(line) is { Success: true } match && !_address.TrySetResult(match.Groups[1].Value))
            _metrics.TrySetResult(match.Groups[1].Value);
    }

    [GeneratedRegex(@"Listening on (https?://\S+)\.$")]
    private static partial Regex Listening();
}
