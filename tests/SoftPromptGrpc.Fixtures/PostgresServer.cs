using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace SoftPromptGrpc.Fixtures;

/// <summary>
/// A PostgreSQL of the tests' own, from installed binaries: on loopback, on a free port, in a temporary directory that goes with the
/// process, as the user "postgres" where the tests run as root, which PostgreSQL refuses.
/// </summary>
public sealed class PostgresServer
{
    private const int Attempts = 5;
    private static readonly Lazy<PostgresServer?> Started = new(Start);
    private static int _databases;

    private readonly string _binaries;
    private readonly string _directory;

    private PostgresServer(string binaries)
    {
        _binaries = binaries;
        _directory = Directory.CreateTempSubdirectory("softprompt-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
            Require(Run("chown", "postgres", _directory));
    }

    private int Port { get; set; }

    private string Data => Path.Combine(_directory, "data");

    /// <summary>A new, empty database. The test is skipped where no PostgreSQL is installed.</summary>
    /// <returns>Its connection string.</returns>
    public static string CreateDatabase()
    {
        if (Started.Value is not { } server)
        {
            Assert.Skip("No PostgreSQL is installed.");
            return "";
        }
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        Require(Run(Path.Combine(server._binaries, "createdb"), "-h", "127.0.0.1", "-p", $"{server.Port}", "-U", "postgres", name));
        return $"Host=127.0.0.1;Port={server.Port};Username=postgres;Database={name};Maximum Pool Size=20";
    }

    private static PostgresServer? Start()
    {
        if (FindBinaries() is not { } binaries)
            return null;
        var server = new PostgresServer(binaries);
        Require(server.RunUnprivileged("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"));
        for (var attempt = 1; !server.TryListen(); attempt++)
        {
            if (attempt == Attempts)
                throw new InvalidOperationException("PostgreSQL does not start.");
        }
        server.EndWithThisProcess();
        return server;
    }

    private static string? FindBinaries() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql")
            .OrderByDescending(version => int.TryParse(Path.GetFileName(version), out var number) ? number : 0)
            .Select(version => Path.Combine(version, "bin"))
            .FirstOrDefault(binaries => File.Exists(Path.Combine(binaries, "initdb")))
        : null;

    /// <summary>The port may be taken between the question and the start.</summary>
    private bool TryListen()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Port = ((IPEndPoint)free.LocalEndpoint).Port;
        }
        var options = $"-p {Port} -c listen_addresses=127.0.0.1 -k {_directory} -c fsync=off -c max_connections=400";
        return RunUnprivileged("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_directory, "log"), "-o", options, "start") == 0;
    }

    /// <summary>However it ends: nothing of this process may be left to do it.</summary>
    private void EndWithThisProcess()
    {
        const string Watch = "while kill -0 $0; do sleep 1; done; kill -QUIT $(head -1 $1/data/postmaster.pid); sleep 1; rm -rf $1";
        var start = new ProcessStartInfo("setsid", ["sh", "-c", $"({Watch}) < /dev/null > /dev/null 2>&1", $"{Environment.ProcessId}", _directory]);
        Process.Start(start)!.Dispose();
    }

    private int RunUnprivileged(string binary, params string[] arguments)
    {
        var path = Path.Combine(_binaries, binary);
        return Environment.IsPrivilegedProcess ? Run("runuser", ["-u", "postgres", "--", path, .. arguments]) : Run(path, arguments);
    }

    private static int Run(string binary, params string[] arguments)
    {
        // The server inherits these: it must not hold the tests' own output open.
        var start = new ProcessStartInfo(binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{binary} does not start.");
        process.WaitForExit();
        return process.ExitCode;
    }

    private static void Require(int exitCode)
    {
        if (exitCode != 0)
            throw new InvalidOperationException("PostgreSQL cannot be prepared.");
    }
}
