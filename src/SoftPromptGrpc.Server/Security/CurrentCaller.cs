namespace SoftPromptGrpc.Server.Security;

/// <summary>Whose call is being answered. It goes along with all that the call awaits.</summary>
internal sealed class CurrentCaller
{
    private readonly AsyncLocal<Caller?> _caller = new();

    /// <summary>Null outside of any call.</summary>
    public Caller? Caller => _caller.Value;

    /// <summary>Until the asynchronous method that calls it ends.</summary>
    public void Enter(Caller caller) => _caller.Value = caller;
}
