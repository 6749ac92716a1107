namespace SoftPromptGrpc.Server.Storage;

/// <summary>The tenant that work is done for: its caller's, or the one that background work has entered.</summary>
internal sealed class TenantScope(ICurrentTenant caller)
{
    private readonly AsyncLocal<string?> _entered = new();

    public string Name => _entered.Value ?? caller.Name;

    /// <summary>For work that no request asks for. Ends with the asynchronous method that calls it.</summary>
    public void Enter(string tenant) => _entered.Value = tenant;
}
