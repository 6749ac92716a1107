using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>A caller that a test can exchange.</summary>
internal sealed class FakeTenant : ICurrentTenant
{
    public string Name { get; set; } = SingleTenant.Default;
}
