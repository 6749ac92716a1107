using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>
/// Everything that outlives the process, as one tenant sees it: rows of others are neither read nor written, whatever is asked.
/// Queries are plain LINQ, so that any relational provider can stand below.
/// </summary>
internal class StoreContext : DbContext
{
    private readonly string? _tenant;

    public StoreContext(DbContextOptions<StoreContext> options, string tenant) : base(options)
    {
        ArgumentException.ThrowIfNullOrEmpty(tenant);
        _tenant = tenant;
    }

    /// <summary>For all tenants.</summary>
    protected StoreContext(DbContextOptions<StoreContext> options) : base(options)
    {
    }

    public DbSet<StoredPrompt> Prompts => Set<StoredPrompt>();
    public DbSet<StoredLabel> Labels => Set<StoredLabel>();
    public DbSet<StoredAlias> Aliases => Set<StoredAlias>();
    public DbSet<StoredName> Names => Set<StoredName>();
    public DbSet<StoredTensor> Tensors => Set<StoredTensor>();
    public DbSet<StoredTrainable> Trainables => Set<StoredTrainable>();
    public DbSet<StoredJob> Jobs => Set<StoredJob>();
    public DbSet<StoredJobRequest> JobRequests => Set<StoredJobRequest>();
    public DbSet<StoredEvent> Events => Set<StoredEvent>();
    public DbSet<StoredCheckpoint> Checkpoints => Set<StoredCheckpoint>();
    public DbSet<StoredDataset> Datasets => Set<StoredDataset>();
    public DbSet<StoredChunk> Chunks => Set<StoredChunk>();

    /// <summary>What waits or runs, of all tenants: they stand in one queue.</summary>
    public IQueryable<StoredJob> Queue =>
        Jobs.IgnoreQueryFilters().Where(j => j.State == JobState.Queued || j.State == JobState.Running);

    /// <summary>The tenant whose rows these are.</summary>
    /// <exception cref="InvalidOperationException">They are everybody's.</exception>
    public string Tenant => _tenant ?? throw new InvalidOperationException("A row of the whole store must name its tenant.");

    /// <summary>
    /// Waits, within the transaction, for other transactions that lock the same, in this process or another one. SQLite has one writer
    /// at a time anyway.
    /// </summary>
    public async Task LockAsync(string what, CancellationToken cancellationToken)
    {
        if (Database.IsNpgsql())
            await Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({what}, 0))", cancellationToken);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
        if (Database.IsNpgsql())
            configurationBuilder.Properties<string>().UseCollation("C"); // Names sort by their characters, as in SQLite.
        configurationBuilder.Properties<TimeSpan>().HaveConversion<TimeSpanToTicksConverter>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StoredPrompt>(prompt =>
        {
            prompt.HasIndex(p => new { p.Tenant, p.Name, p.Version }).IsUnique();
            prompt.Property(p => p.Width).HasColumnName("HiddenSize");
            // Lists: each order of the newest versions, and all that a count looks at.
            prompt.HasIndex(p => new { p.Tenant, p.Standing, p.Name, p.ModelId, p.Method });
            prompt.HasIndex(p => new { p.Tenant, p.Standing, p.CreateTime });
            prompt.HasIndex(p => new { p.Tenant, p.Standing, p.Version });
            prompt.HasIndex(p => new { p.Tenant, p.DeleteTime, p.CreateTime });
            prompt.HasIndex(p => new { p.Tenant, p.CreateTime });
            prompt.HasIndex(p => p.DeleteTime); // What is to be purged, of all tenants.
            prompt.HasIndex(p => p.ContentHash);
            prompt.Property(p => p.Revision).IsConcurrencyToken();
            prompt.HasMany(p => p.Labels).WithOne().HasForeignKey(l => l.PromptId);
            prompt.HasMany(p => p.Aliases).WithOne().HasForeignKey(a => a.PromptId);
            prompt.HasOne<StoredTensor>().WithMany().HasForeignKey(p => p.ContentHash).OnDelete(DeleteBehavior.Restrict);
        });
        modelBuilder.Entity<StoredLabel>(label =>
        {
            label.ToTable("StoredLabel");
            label.HasKey(l => new { l.PromptId, l.Key });
            // The tenant stands behind: in front, SQLite would take this index for the labels of a prompt, and read all of the tenant's.
            label.HasIndex(l => new { l.Key, l.Value, l.Tenant, l.PromptId });
        });
        modelBuilder.Entity<StoredAlias>().HasKey(a => new { a.Tenant, a.Name, a.Alias });
        modelBuilder.Entity<StoredName>().HasKey(n => new { n.Tenant, n.Name });
        modelBuilder.Entity<StoredTensor>().HasKey(t => t.ContentHash);
        modelBuilder.Entity<StoredTrainable>(trainable =>
        {
            trainable.HasKey(t => t.PromptId);
            trainable.HasOne<StoredPrompt>().WithOne().HasForeignKey<StoredTrainable>(t => t.PromptId);
        });
        BuildJobs(modelBuilder);
        BuildDatasets(modelBuilder);
        if (_tenant is not null) // One model per type of context.
            BuildFilters(modelBuilder);
    }

    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        Stamp();
        return base.SaveChanges(acceptAllChangesOnSuccess);
    }

    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        Stamp();
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    private void Stamp()
    {
        foreach (var entry in ChangeTracker.Entries<OfTenant>().Where(e => e.State == EntityState.Added))
        {
            if (entry.Entity.Tenant.Length == 0)
                entry.Entity.Tenant = Tenant;
            else if (_tenant is not null && entry.Entity.Tenant != _tenant)
                throw new InvalidOperationException("A row must be of the tenant that writes it.");
        }
    }

    private static void BuildDatasets(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StoredDataset>(dataset =>
        {
            dataset.HasKey(d => d.Number);
            dataset.HasIndex(d => new { d.Tenant, d.Sha256 }).IsUnique();
            dataset.HasIndex(d => new { d.Tenant, d.Number });
        });
        modelBuilder.Entity<StoredChunk>(chunk =>
        {
            chunk.HasKey(c => new { c.DatasetNumber, c.Offset });
            chunk.HasOne<StoredDataset>().WithMany().HasForeignKey(c => c.DatasetNumber);
        });
    }

    private void BuildFilters(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StoredPrompt>().HasQueryFilter(p => p.Tenant == _tenant);
        modelBuilder.Entity<StoredLabel>().HasQueryFilter(l => l.Tenant == _tenant);
        modelBuilder.Entity<StoredAlias>().HasQueryFilter(a => a.Tenant == _tenant);
        modelBuilder.Entity<StoredName>().HasQueryFilter(n => n.Tenant == _tenant);
        modelBuilder.Entity<StoredTrainable>().HasQueryFilter(t => t.Tenant == _tenant);
        modelBuilder.Entity<StoredTensor>().HasQueryFilter(t => Prompts.Any(p => p.ContentHash == t.ContentHash));
        modelBuilder.Entity<StoredJob>().HasQueryFilter(j => j.Tenant == _tenant);
        modelBuilder.Entity<StoredJobRequest>().HasQueryFilter(r => r.Tenant == _tenant);
        modelBuilder.Entity<StoredEvent>().HasQueryFilter(e => e.Tenant == _tenant);
        modelBuilder.Entity<StoredCheckpoint>().HasQueryFilter(c => c.Tenant == _tenant);
        modelBuilder.Entity<StoredDataset>().HasQueryFilter(d => d.Tenant == _tenant);
        modelBuilder.Entity<StoredChunk>().HasQueryFilter(c => c.Tenant == _tenant);
    }

    private static void BuildJobs(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StoredJob>(job =>
        {
            job.HasKey(j => j.Number);
            job.Property(j => j.Id).IsRequired();
            job.HasIndex(j => new { j.Tenant, j.Id }).IsUnique();
            job.HasIndex(j => new { j.Tenant, j.RequestId }).IsUnique();
            job.HasIndex(j => new { j.Tenant, j.Number });
            job.HasIndex(j => new { j.State, j.Priority, j.Number });
        });
        modelBuilder.Entity<StoredJobRequest>(request =>
        {
            request.HasKey(r => r.JobNumber);
            request.HasOne<StoredJob>().WithOne().HasForeignKey<StoredJobRequest>(r => r.JobNumber);
        });
        modelBuilder.Entity<StoredEvent>(stored =>
        {
            stored.HasKey(e => new { e.JobNumber, e.Sequence });
            stored.HasOne<StoredJob>().WithMany().HasForeignKey(e => e.JobNumber);
        });
        modelBuilder.Entity<StoredCheckpoint>(checkpoint =>
        {
            checkpoint.HasKey(c => c.JobNumber);
            checkpoint.HasOne<StoredJob>().WithOne().HasForeignKey<StoredCheckpoint>(c => c.JobNumber);
        });
    }

    /// <summary>A number that sorts as the time does, in every database.</summary>
    private sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(time => time.UtcTicks, ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}
