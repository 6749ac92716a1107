namespace SoftPromptGrpc.Server.Storage;

/// <summary>A row that only its tenant sees. The context fills the tenant in and filters by it.</summary>
internal abstract class OfTenant
{
    public string Tenant { get; set; } = "";
}
