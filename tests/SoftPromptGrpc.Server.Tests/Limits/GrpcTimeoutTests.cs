using Microsoft.AspNetCore.Http;
using SoftPromptGrpc.Server.Limits;

namespace SoftPromptGrpc.Server.Tests.Limits;

public sealed class GrpcTimeoutTests
{
    [Theory]
    [InlineData(null, "5000m")]
    [InlineData("4S", "4S")]
    [InlineData("6S", "5000m")]
    [InlineData("99999999H", "5000m")]
    [InlineData("4999999u", "4999999u")]
    [InlineData("1n", "1n")]
    [InlineData("-1S", "5000m")]
    [InlineData("100000000S", "5000m")]
    [InlineData("soon", "5000m")]
    public void Bound_ToFiveSeconds_KeepsOnlyEarlierDeadlines(string? given, string expected)
    {
        var headers = new HeaderDictionary();
        if (given is not null)
            headers["grpc-timeout"] = given;

        GrpcTimeout.Bound(headers, TimeSpan.FromSeconds(5));

        Assert.Equal(expected, headers["grpc-timeout"]);
    }

    [Fact]
    public void Bound_ToADay_FitsEightDigits()
    {
        var headers = new HeaderDictionary();

        GrpcTimeout.Bound(headers, TimeSpan.FromDays(2));

        Assert.Equal("172800S", headers["grpc-timeout"]);
    }
}
