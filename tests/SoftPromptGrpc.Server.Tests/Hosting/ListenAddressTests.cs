using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Tests.Hosting;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:50051", "127.0.0.1", 50051, false, true)]
    [InlineData("http://127.0.0.1:0", "127.0.0.1", 0, false, true)]
    [InlineData("http://localhost:0/", "127.0.0.1", 0, false, true)]
    [InlineData("http://[::1]:8080", "::1", 8080, false, true)]
    [InlineData("http://0.0.0.0", "0.0.0.0", 80, false, false)]
    [InlineData("https://10.0.0.1:50051", "10.0.0.1", 50051, true, false)]
    public void TryParse_Address_IsUnderstood(string text, string address, int port, bool isSecure, bool isLoopback)
    {
        var parsed = ListenAddress.TryParse(text);

        Assert.Equal(
            (address, port, isSecure, isLoopback), (parsed?.Address.ToString(), parsed?.Port, parsed?.IsSecure, parsed?.IsLoopback));
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:50051")]
    [InlineData("ftp://127.0.0.1:50051")]
    [InlineData("http://example.com:50051")]
    [InlineData("http://127.0.0.1:50051/path")]
    [InlineData("http://127.0.0.1:99999")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.Null(ListenAddress.TryParse(text));
}
