using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

public sealed class StorageOptionsTests
{
    [Theory]
    [InlineData("sqlite", "", true)]
    [InlineData("postgres", "Host=db;Username=u;Password=secret", true)]
    [InlineData("sqlite", "Host=db;Password=secret", false)]
    [InlineData("postgres", "", false)]
    [InlineData("postgres", "Username=u;Password=secret", false)]
    [InlineData("postgres", "Host=db;Password=secret;Nonsense=1", false)]
    [InlineData("postgres", "Host=db;Port=secret", false)]
    [InlineData("postgres", "secret", false)]
    public void Validate_ConnectionString_IsCheckedAndNeverRepeated(string provider, string connectionString, bool isValid)
    {
        var result = new ConnectionStringValidator().Validate(null, new() { Provider = provider, ConnectionString = connectionString });

        Assert.Equal(isValid, result.Succeeded);
        Assert.DoesNotContain("secret", result.FailureMessage ?? "", StringComparison.Ordinal);
    }
}
