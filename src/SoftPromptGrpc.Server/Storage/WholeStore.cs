using Microsoft.EntityFrameworkCore;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>The store of all tenants, for work that belongs to no request. New rows say themselves whose they are.</summary>
internal sealed class WholeStore(DbContextOptions<StoreContext> options) : StoreContext(options);
