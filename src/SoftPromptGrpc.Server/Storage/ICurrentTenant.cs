namespace SoftPromptGrpc.Server.Storage;

/// <summary>Whose prompts, jobs and datasets the caller works with.</summary>
internal interface ICurrentTenant
{
    /// <summary>Of the request being answered; <see cref="SingleTenant.Default"/> outside of any. Never empty.</summary>
    string Name { get; }
}

/// <summary>A server without security has one tenant.</summary>
internal sealed class SingleTenant : ICurrentTenant
{
    public const string Default = "default";

    public string Name => Default;
}
