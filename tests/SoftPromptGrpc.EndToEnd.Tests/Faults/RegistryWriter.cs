using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.EndToEnd.Tests.Faults;

/// <summary>Imports, moves an alias and deletes under one name, and knows what the server has acknowledged.</summary>
internal sealed class RegistryWriter(string name, int hiddenSize, Random random)
{
    private const string Alias = "prod";

    /// <summary>Content hashes of the versions that are there.</summary>
    private readonly Dictionary<int, string> _versions = [];
    private readonly HashSet<int> _deleted = [];
    private int? _alias;

    /// <summary>What was asked for when the server was killed: it may have happened or not.</summary>
    private (bool IsImport, int? MovesTo, int? Deletes) _pending;

    public int Acknowledged { get; private set; }

    /// <summary>Works until the server is killed.</summary>
    public async Task RunAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = new PromptService.PromptServiceClient(server.Channel);
        while (true)
        {
            try
            {
                await ActAsync(client, cancellationToken);
            }
            catch (RpcException) when (server.IsKilled)
            {
                return;
            }
            _pending = default;
            Acknowledged++;
        }
    }

    /// <summary>Everything that was acknowledged is there; of what was pending, all or nothing.</summary>
    public async Task CheckAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = new PromptService.PromptServiceClient(server.Channel);
        if (_pending.IsImport && await FindAsync(client, $"{_versions.Keys.Concat(_deleted).DefaultIfEmpty().Max() + 1}") is { } imported)
            _versions.Add(imported.Version, imported.ContentHash);
        if (_pending.Deletes is { } deleted && await FindAsync(client, $"{deleted}") is null)
            Delete(deleted);
        foreach (var (version, hash) in _versions)
            Assert.Equal(hash, (await FindAsync(client, $"{version}"))?.ContentHash);
        foreach (var version in _deleted)
            Assert.Null(await FindAsync(client, $"{version}"));
        var alias = (await FindAsync(client, Alias))?.Version;
        Assert.True(alias == _alias || (alias is not null && alias == _pending.MovesTo), $"{name}@{Alias} is {alias}, not {_alias}");
        (_alias, _pending) = (alias, default);

        async Task<Prompt?> FindAsync(PromptService.PromptServiceClient prompts, string version)
        {
            try
            {
                return (await prompts.GetPromptAsync(new() { Prompt = $"{name}@{version}" }, cancellationToken: cancellationToken)).Prompt;
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.NotFound)
            {
                return null;
            }
        }
    }

    private async Task ActAsync(PromptService.PromptServiceClient client, CancellationToken cancellationToken)
    {
        int[] others = [.. _versions.Keys.Where(version => version != _alias)];
        switch (random.Next(3))
        {
            case 0 when others.Length > 0:
                await MoveAsync(client, others[random.Next(others.Length)], cancellationToken);
                break;
            case 1 when others.Length > 1:
                await DeleteAsync(client, others[random.Next(others.Length)], cancellationToken);
                break;
            default:
                await ImportAsync(client, cancellationToken);
                break;
        }
    }

    private async Task ImportAsync(PromptService.PromptServiceClient client, CancellationToken cancellationToken)
    {
        _pending = (true, null, null);
        float[] values = [.. Enumerable.Range(0, 3 * hiddenSize).Select(_ => random.NextSingle())];
        using var npy = new MemoryStream();
        NpyPrompt.Write(new SoftPrompt(3, hiddenSize, values, ""), npy);
        using var call = client.ImportPrompt(cancellationToken: cancellationToken);
        try
        {
            await call.RequestStream.WriteAsync(new() { Header = new() { Prompt = name, Format = AdapterFormat.Npy } }, cancellationToken);
            await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFrom(npy.ToArray()) }, cancellationToken);
            await call.RequestStream.CompleteAsync();
        }
        catch (InvalidOperationException)
        {
            // The call has ended: its status says how.
        }
        var prompt = (await call).Prompt;
        Assert.Equal(_versions.Keys.Concat(_deleted).DefaultIfEmpty().Max() + 1, prompt.Version);
        _versions.Add(prompt.Version, prompt.ContentHash);
    }

    private async Task MoveAsync(PromptService.PromptServiceClient client, int version, CancellationToken cancellationToken)
    {
        _pending = (false, version, null);
        var mask = new FieldMask { Paths = { "aliases" } };
        await client.UpdatePromptAsync(
            new() { Prompt = $"{name}@{version}", Values = new() { Aliases = { Alias } }, UpdateMask = mask }, cancellationToken: cancellationToken);
        _alias = version;
    }

    private async Task DeleteAsync(PromptService.PromptServiceClient client, int version, CancellationToken cancellationToken)
    {
        _pending = (false, null, version);
        await client.DeletePromptAsync(new() { Prompt = $"{name}@{version}" }, cancellationToken: cancellationToken);
        Delete(version);
    }

    private void Delete(int version)
    {
        _versions.Remove(version);
        _deleted.Add(version);
    }
}
