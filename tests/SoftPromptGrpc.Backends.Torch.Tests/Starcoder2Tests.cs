using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats;
using SoftPromptGrpc.ModelFormats.Safetensors;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>A family without golden figures, against a reference of its own.</summary>
public sealed class Starcoder2Tests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("softprompt-starcoder2-").FullName;

    [Fact]
    public void Forward_RandomCheckpoint_LogitsAreTheReferences()
    {
        int[] ids = [3, 14, 15, 9, 26, 5, 8, 29];
        var reference = new Starcoder2Reference();
        File.WriteAllText(Path.Combine(_directory, "config.json"), Starcoder2Reference.Config);
        using (var file = File.Create(Path.Combine(_directory, "model.safetensors")))
            SafetensorsWriter.Write(file, reference.Tensors);
        var model = ModelLoader.Load("starcoder2", _directory);
        using var source = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, source, CPU);
        using var decoder = new Decoder(weights);
        using var scope = NewDisposeScope();

        var logits = decoder.Head(decoder.Forward(decoder.Embed(tensor(ids, int64).unsqueeze(0))));

        var expected = reference.Logits(ids).SelectMany(row => row);
        Assert.All(expected.Zip(logits.data<float>()), pair => Assert.Equal(pair.First, pair.Second, 5e-5));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
