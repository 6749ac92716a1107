using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests;

public sealed class OnnxOptionsTests
{
    [Fact]
    public void AddOnnxInference_Configured_OffersTheBackendByName()
    {
        using var services = Services("MaxSequences", "3");

        Assert.Equal("onnxruntime", Assert.Single(services.GetServices<IInferenceBackend>()).Name);
        Assert.Equal(3, services.GetRequiredService<IOptions<OnnxOptions>>().Value.MaxSequences);
    }

    [Theory]
    [InlineData("CacheDirectory", "")]
    [InlineData("Device", "gpu")]
    [InlineData("Device", "cuda:")]
    [InlineData("IntraOpThreads", "-1")]
    [InlineData("MaxSequences", "0")]
    [InlineData("MaxCacheBytes", "0")]
    [InlineData("PrefillChunk", "0")]
    [InlineData("MaxPrefixBytes", "-1")]
    public void AddOnnxInference_OutOfRange_NamesTheSetting(string name, string value)
    {
        using var services = Services(name, value);

        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<OnnxOptions>>().Value);

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Services(string name, string value)
    {
        var settings = new Dictionary<string, string?> { ["Onnx:CacheDirectory"] = "exports", [$"Onnx:{name}"] = value };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging().AddOnnxInference().BuildServiceProvider();
    }
}
