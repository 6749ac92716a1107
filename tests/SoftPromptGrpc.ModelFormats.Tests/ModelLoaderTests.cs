using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.ModelFormats.Tests;

public sealed class ModelLoaderTests
{
    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.HalfPrecision), MemberType = typeof(CausalModels))]
    public void Load_EveryModel_HasEveryCanonicalTensor(string name)
    {
        var model = Goldens.LoadModel(name);
        using var weights = model.Weights;

        foreach (var (tensor, shape) in DecoderTensors.Of(model.Spec))
        {
            Assert.Equal(shape, weights.Shape(tensor));
            var values = new float[shape.Aggregate(1, (count, size) => count * size)];
            weights.Read(tensor, values);
            Assert.All(values, v => Assert.True(float.IsFinite(v)));
            Assert.Contains(values, v => v != 0);
        }
        Assert.Equal([2], model.Generation.EndOfSequence);
        Assert.Equal(1, model.Generation.BeginningOfSequence);
    }

    [Theory]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    public void Fingerprint_OtherFilesOfTheSameModel_IsTheSame(string name)
    {
        var (model, original) = (Goldens.LoadModel(name), Goldens.LoadModel(CausalModels.OriginalOf(name)));
        using var weights = model.Weights;
        using var originalWeights = original.Weights;

        Assert.Equal(original.Fingerprint, model.Fingerprint);
        Assert.Equal(original.Spec, model.Spec);
    }

    [Fact]
    public void Fingerprint_EachModel_IsItsOwn()
    {
        string[] names = [.. CausalModels.Complete.Select(r => r.Data), .. CausalModels.HalfPrecision.Select(r => r.Data)];

        var fingerprints = names.Select(name =>
        {
            var model = Goldens.LoadModel(name);
            model.Weights.Dispose();
            return model.Fingerprint;
        });

        Assert.Equal(names.Length, fingerprints.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public void ParameterCount_EveryModel_IsTheReferences(string name)
    {
        var model = Goldens.LoadModel(name);
        model.Weights.Dispose();

        Assert.Equal(Goldens.Json($"models/{name}/goldens.json").GetProperty("parameters").GetInt64(), model.ParameterCount);
    }
}
