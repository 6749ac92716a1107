using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Safetensors;

public sealed class SafetensorsWriterTests
{
    [Theory]
    [InlineData("models/gpt2/model.safetensors")]
    [InlineData("models/llama_tied_rope3/model.safetensors")]
    [InlineData("peft/llama/prompt_tuning_random/adapter_model.safetensors")]
    public void Write_TensorsOfAReferenceFile_GivesTheSameBytes(string path)
    {
        var golden = Goldens.Tensors(path);
        using var written = new MemoryStream();

        SafetensorsWriter.Write(written, golden.Names.Reverse().Select(n => new TensorToWrite(n, golden.Shape(n), golden[n])));

        Assert.Equal(File.ReadAllBytes(Goldens.File(path)), written.ToArray());
    }
}
