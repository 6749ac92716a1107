using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Safetensors;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Models.Checking;

namespace SoftPromptGrpc.Server.Tests.Models;

public sealed class ModelsCommandTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("softprompt-test-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("llama", "parameters    ", "F32, ")]
    [InlineData("llama_bf16", "parameters    ", "BF16, ", "with weights kept in 16 bits")]
    public async Task Check_SoundCheckpoint_ReportsIt(string name, params string[] expected)
    {
        var (exitCode, output, _) = await CheckAsync(CausalModels.DirectoryOf(name));

        Assert.Equal(0, exitCode);
        Assert.All(expected, text => Assert.Contains(text, output));
        Assert.Contains("family        llama", output);
        Assert.Contains("KeyValueHeadCount ", output);
        Assert.Contains("tokenizer     none: token ids only", output);
        Assert.Contains("training      torch: ", output);
        Assert.Contains("serving       onnxruntime: ", output);
        Assert.Contains("serving       torch: ", output);
        Assert.Matches(@"probe +16 tokens on onnxruntime and torch: logits differ by at most \d\.\de-", output);
        Assert.EndsWith("verdict       sound", output.TrimEnd());
    }

    [Fact]
    public async Task Check_UnknownFamilyAndPickledWeights_TellsBoth()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "config.json"), """{"model_type": "mamba"}""", Ct);
        await File.WriteAllBytesAsync(Path.Combine(_directory.FullName, "pytorch_model.bin"), [1], Ct);

        var (exitCode, output, _) = await CheckAsync(_directory.FullName);

        Assert.Equal(1, exitCode);
        Assert.Contains("family        mamba (refused)", output);
        Assert.Contains("refused       The model type 'mamba' is not supported", output);
        Assert.Contains("refused       The checkpoint's weights are pickled", output);
        Assert.Contains("missing       tokenizer.json", output);
        Assert.EndsWith("verdict       refused", output.TrimEnd());
    }

    [Fact]
    public async Task Check_MissingTensor_NamesIt()
    {
        File.Copy(Path.Combine(CausalModels.DirectoryOf("llama"), "config.json"), Path.Combine(_directory.FullName, "config.json"));
        await using (var file = File.Create(Path.Combine(_directory.FullName, "model.safetensors")))
            SafetensorsWriter.Write(file, [new TensorToWrite("unrelated", [1], new float[1])]);

        var (exitCode, output, _) = await CheckAsync(_directory.FullName);

        Assert.Equal(1, exitCode);
        Assert.Contains("refused       The checkpoint has no tensor 'embed_tokens.weight'.", output);
    }

    [Fact]
    public async Task Check_NoSuchDirectory_IsAWrongCommandLine()
    {
        var (exitCode, _, error) = await CheckAsync(Path.Combine(_directory.FullName, "none"));

        Assert.Equal(2, exitCode);
        Assert.Contains("is neither a directory nor hf://owner/name", error);
    }

    [Theory]
    [InlineData(0.5e-3, 0.1, true)]
    [InlineData(2e-3, 0.1, false)]
    [InlineData(2e-3, 30, true)]
    [InlineData(double.PositiveInfinity, 30, false)]
    public void Agrees_AgainstTheLargestLogit_AllowsRounding(double difference, double largest, bool agrees) =>
        Assert.Equal(agrees, new ProbeCheck(16, ["a", "b"], difference, largest).Agrees);

    private static async Task<(int ExitCode, string Output, string Error)> CheckAsync(string directory)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var exitCode = await ServerCommands.RunAsync(["models", "check", directory], output, error);
        return (exitCode, output.ToString(), error.ToString());
    }
}
