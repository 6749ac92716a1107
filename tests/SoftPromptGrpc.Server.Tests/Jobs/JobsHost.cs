using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Datasets;
using SoftPromptGrpc.Server.Jobs;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Telemetry;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>The jobs of one server process over a store, with a backend that tests hold and release.</summary>
internal sealed class JobsHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly Lifetime _lifetime = new();

    public JobsHost(TestStore file, Action<JobOptions>? configure = null, params BaseModel[] models)
        : this(file, new FakeTrainingBackend(), configure, models)
    {
    }

    public JobsHost(TestStore file, ITrainingBackend backend, Action<JobOptions>? configure, params BaseModel[] models)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        services.AddSingleton(Tenant);
        services.AddSingleton<ICurrentTenant>(Tenant);
        services.AddSingleton<TenantScope>();
        services.AddSingleton(provider => file.Open(provider.GetRequiredService<TenantScope>()));
        services.AddSingleton<IDbContextFactory<StoreContext>>(provider => provider.GetRequiredService<StoreContexts>());
        services.AddSingleton<IDbContextFactory<WholeStore>>(provider => provider.GetRequiredService<StoreContexts>());
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IHostApplicationLifetime>(_lifetime);
        services.AddSingleton<IModelCatalog>(new FakeCatalog(models.Length > 0 ? models : [FakeModels.Create("tiny")]));
        services.AddSingleton(backend);
        services.AddSingleton<BackendRegistry>();
        services.AddSingleton(new TensorCache(0));
        services.AddSingleton(Unlimited.Quotas);
        services.AddSingleton<PromptStore>();
        services.AddSingleton<IPromptStore>(provider => provider.GetRequiredService<PromptStore>());
        services.AddSingleton<InitialPrompts>();
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<DatasetExamples>();
        services.AddSingleton<DatasetUploads>();
        services.AddSingleton<RequestedData>();
        services.AddSingleton<TrainingPlanner>();
        services.AddSingleton(Options.Create(file.Options));
        services.AddSingleton<IJobOwnership>(provider => file.Options.IsShared
            ? new PostgresOwnership(provider.GetRequiredService<IOptions<StorageOptions>>())
            : new SoleOwnership());
        services.AddSingleton<JobContinuation>();
        services.AddSingleton<JobSignals>();
        services.AddSingleton<JobStore>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<RunningJobs>();
        services.AddMetrics();
        services.AddSingleton<JobTelemetry>();
        services.AddSingleton<JobRun>();
        services.AddSingleton<TrainingJobs>();
        services.AddSingleton<JobRunner>();
        services.Configure<JobOptions>(options =>
        {
            options.Backend = backend.Name;
            options.EventDelay = TimeSpan.FromMilliseconds(10);
            configure?.Invoke(options);
        });
        _services = services.BuildServiceProvider();
    }

    /// <summary>Whose calls the test makes.</summary>
    public FakeTenant Tenant { get; } = new();

    public FakeTrainingBackend Backend => (FakeTrainingBackend)_services.GetRequiredService<ITrainingBackend>();

    public TrainingJobs Jobs => _services.GetRequiredService<TrainingJobs>();

    public TrainingPlanner Planner => _services.GetRequiredService<TrainingPlanner>();

    public DatasetStore Datasets => _services.GetRequiredService<DatasetStore>();

    public DatasetUploads Uploads => _services.GetRequiredService<DatasetUploads>();

    public PromptStore Prompts => _services.GetRequiredService<PromptStore>();

    public JobStore Store => _services.GetRequiredService<JobStore>();

    public IDbContextFactory<StoreContext> Contexts => _services.GetRequiredService<IDbContextFactory<StoreContext>>();

    public Task StartAsync() => _services.GetRequiredService<JobRunner>().StartAsync(default);

    /// <summary>As a server that is asked to stop.</summary>
    public async Task StopAsync()
    {
        _lifetime.Stop();
        await _services.GetRequiredService<JobRunner>().StopAsync(default);
    }

    /// <summary>All events of a job, to its last.</summary>
    public async Task<List<Wire.TrainingEvent>> WatchAsync(string id, long afterSequence, CancellationToken cancellationToken)
    {
        var events = new List<Wire.TrainingEvent>();
        await foreach (var happened in Jobs.WatchAsync(id, afterSequence, cancellationToken))
            events.Add(happened);
        return events;
    }

    /// <summary>The first event of a job that the condition holds for.</summary>
    public async Task<Wire.TrainingEvent> WaitForAsync(string id, Predicate<Wire.TrainingEvent> condition, CancellationToken cancellationToken)
    {
        await foreach (var happened in Jobs.WatchAsync(id, 0, cancellationToken))
        {
            if (condition(happened))
                return happened;
        }
        throw new InvalidOperationException("The job ended before.");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
        _lifetime.Dispose();
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void Stop() => _stopping.Cancel();

        public void StopApplication() => Stop();

        public void Dispose() => _stopping.Dispose();
    }
}
