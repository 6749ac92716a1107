using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Fakes;

internal static class Unlimited
{
    public static TenantQuotas Quotas { get; } = new(Options.Create(new LimitOptions()), new TenantScope(new SingleTenant()), TimeProvider.System);
}
