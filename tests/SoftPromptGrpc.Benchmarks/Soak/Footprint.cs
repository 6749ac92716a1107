using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SoftPromptGrpc.Benchmarks.Soak;

/// <summary>What a server takes of the machine.</summary>
/// <param name="metrics">Where it tells Prometheus of itself.</param>
internal sealed class Footprint(int process, string metrics)
{
    private const string Heap = "dotnet_gc_last_collection_heap_size_bytes";

    /// <summary>Of this machine; a server may listen there.</summary>
    public static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}";
    }

    public async Task<Seen> ReadAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        var text = await client.GetStringAsync(new Uri($"{metrics}/metrics"), cancellationToken);
        // NAME{LABELS} VALUE [TIME], one line for each generation.
        var heap = text.Split('\n').Where(line => line.StartsWith(Heap, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
        using var server = Process.GetProcessById(process);
        return new((long)heap, server.WorkingSet64, Directory.GetFileSystemEntries($"/proc/{process}/fd").Length, server.Threads.Count);
    }
}

/// <param name="ManagedHeap">After the last garbage collection, in bytes.</param>
/// <param name="Resident">In bytes.</param>
internal readonly record struct Seen(long ManagedHeap, long Resident, int Descriptors, int Threads);
