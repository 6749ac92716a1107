using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>Everything that outlives the process. Queries are plain LINQ, so that any relational provider can stand below.</summary>
internal sealed class StoreContext(DbContextOptions<StoreContext> options) : DbContext(options)
{
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

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
        configurationBuilder.Properties<TimeSpan>().HaveConversion<TimeSpanToTicksConverter>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StoredPrompt>(prompt =>
        {
            prompt.HasIndex(p => new { p.Name, p.Version }).IsUnique();
            prompt.Property(p => p.Width).HasColumnName("HiddenSize");
            // Lists: each order of the newest versions, and all that a count looks at.
            prompt.HasIndex(p => new { p.Standing, p.Name, p.ModelId, p.Method });
            prompt.HasIndex(p => new { p.Standing, p.CreateTime });
            prompt.HasIndex(p => new { p.Standing, p.Version });
            prompt.HasIndex(p => new { p.DeleteTime, p.CreateTime });
            prompt.HasIndex(p => p.CreateTime);
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
            label.HasIndex(l => new { l.Key, l.Value, l.PromptId });
        });
        modelBuilder.Entity<StoredAlias>().HasKey(a => new { a.Name, a.Alias });
        modelBuilder.Entity<StoredName>().HasKey(n => n.Name);
        modelBuilder.Entity<StoredTensor>().HasKey(t => t.ContentHash);
        modelBuilder.Entity<StoredTrainable>(trainable =>
        {
            trainable.HasKey(t => t.PromptId);
            trainable.HasOne<StoredPrompt>().WithOne().HasForeignKey<StoredTrainable>(t => t.PromptId);
        });
        BuildJobs(modelBuilder);
    }

    private static void BuildJobs(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StoredJob>(job =>
        {
            job.HasKey(j => j.Number);
            job.Property(j => j.Id).IsRequired();
            job.HasIndex(j => j.Id).IsUnique();
            job.HasIndex(j => j.RequestId).IsUnique();
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
