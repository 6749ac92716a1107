using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Tests.Hosting;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:50051", "127.0.0.1", 50051)]
    [InlineData("http://127.0.0.1:0", "127.0.0.1", 0)]
    [InlineData("http://localhost:0/", "127.0.0.1", 0)]
    [InlineData("http://[::1]:8080", "::1", 8080)]
    [InlineData("http://0.0.0.0", "0.0.0.0", 80)]
    public void TryParse_HttpAddress_IsUnderstood(string text, string address, int port)
    {
        var parsed = ListenAddress.TryParse(text);

        Assert.Equal((address, port), (parsed?.Address.ToString(), parsed?.Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:50051")]
    [InlineData("https://127.0.0.1:50051")]
    [InlineData("http://example.com:50051")]
    [InlineData("http://127.0.0.1:50051/path")]
    [InlineData("http://127.0.0.1:99999")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.Null(ListenAddress.TryParse(text));
}
