using Microsoft.EntityFrameworkCore;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>What PostgreSQL's migrations belong to: each provider has its own line of them.</summary>
internal sealed class PostgresStore(DbContextOptions<StoreContext> options) : StoreContext(options);
