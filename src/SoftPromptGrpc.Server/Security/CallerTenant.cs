using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Security;

/// <summary>The store shows a caller what belongs to his tenant.</summary>
internal sealed class CallerTenant(CurrentCaller current) : ICurrentTenant
{
    public string Name => current.Caller?.Tenant ?? SingleTenant.Default;
}
