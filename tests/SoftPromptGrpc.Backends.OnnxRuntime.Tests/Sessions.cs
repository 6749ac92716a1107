using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests;

/// <summary>Opens sessions over exports in a temporary directory.</summary>
public class Sessions : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    protected virtual Engine Engine => Engine.Paged;

    protected virtual CacheType CacheType => CacheType.Full;

    internal OnnxInferenceBackend Backend(Action<OnnxOptions>? configure = null)
    {
        var options = new OnnxOptions { CacheDirectory = _directory.Path, IntraOpThreads = 2, Engine = Engine, CacheType = CacheType };
        configure?.Invoke(options);
        return new(Options.Create(options), TimeProvider.System, NullLogger<OnnxInferenceBackend>.Instance);
    }

    internal Task<IInferenceSession> OpenAsync(
        DecoderSpec spec, Action<OnnxOptions>? configure = null, ServingPrecision precision = ServingPrecision.Full)
    {
        var model = RandomModel.Create(spec, $"{(uint)spec.GetHashCode():x8}") with { ServingPrecision = precision };
        return Backend(configure).OpenAsync(model, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class StandardSessions : Sessions
{
    protected override Engine Engine => Engine.Standard;
}

public sealed class HalfSessions : Sessions
{
    protected override CacheType CacheType => CacheType.Half;
}
