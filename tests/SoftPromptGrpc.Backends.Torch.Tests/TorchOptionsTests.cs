using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class TorchOptionsTests
{
    [Theory]
    [InlineData("cpu", "4")]
    [InlineData("cpu", "0")]
    public void Options_Valid_AreBound(string device, string threads)
    {
        var options = Build(device, threads).GetRequiredService<IOptions<TorchOptions>>().Value;

        Assert.Equal((device, threads), (options.Device, $"{options.Threads}"));
    }

    [Theory]
    [InlineData("gpu", "4")]
    [InlineData("", "4")]
    [InlineData("cuda:", "4")]
    [InlineData("cuda:1000", "4")]
    [InlineData("cpu", "-1")]
    public void Options_Invalid_AreRefused(string device, string threads) => Assert.Throws<OptionsValidationException>(
        () => Build(device, threads).GetRequiredService<IOptions<TorchOptions>>().Value);

    [Theory]
    [InlineData("WaitPolicy", "spin")]
    [InlineData("WaitPolicy", "")]
    [InlineData("TrainingNiceness", "-1")]
    [InlineData("TrainingNiceness", "20")]
    [InlineData("TokensPerPass", "0")]
    public void Options_InvalidSetting_AreRefused(string setting, string value) => Assert.Throws<OptionsValidationException>(
        () => Build("cpu", "0", (setting, value)).GetRequiredService<IOptions<TorchOptions>>().Value);

    [Fact]
    public void Options_DeviceThatIsNotHere_AreRefusedByItsName()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Build("cuda:99", "0").GetRequiredService<IOptions<TorchOptions>>().Value);

        Assert.Contains("\"cuda:99\"", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void AddTorchTraining_Twice_RegistersOneBackend()
    {
        using var services = Build("cpu", "0");

        Assert.Equal("torch", Assert.Single(services.GetServices<ITrainingBackend>()).Name);
    }

    private static ServiceProvider Build(string device, string threads, params (string Name, string Value)[] others)
    {
        var settings = new Dictionary<string, string?> { ["Torch:Device"] = device, ["Torch:Threads"] = threads };
        foreach (var (name, value) in others)
            settings.Add($"Torch:{name}", value);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings)
            .Build();
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddLogging()
            .AddTorchTraining()
            .AddTorchTraining()
            .BuildServiceProvider();
    }
}
