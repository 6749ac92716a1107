using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Checkpoints;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Families;

public sealed class FamilyTests
{
    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    public void Locate_EveryModel_UsesEveryTensorOfTheCheckpoint(string name)
    {
        string[] buffers = [".attn.bias", ".attention.bias", ".masked_bias", ".inv_freq"];
        using var checkpoint = SafetensorsCheckpoint.Open(CausalModels.DirectoryOf(name));
        using var weights = (CheckpointWeights)Goldens.LoadModel(name).Weights;

        var used = weights.Tensors.Select(t => t.Source.Entry.Name).Distinct();

        Assert.Equal(
            checkpoint.Tensors.Keys.Where(k => !buffers.Any(b => k.EndsWith(b, StringComparison.Ordinal))).Order(StringComparer.Ordinal),
            used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Locate_Gpt2_TransposesAndSplits()
    {
        var golden = Goldens.Tensors("models/gpt2/model.safetensors");
        using var weights = Goldens.LoadModel("gpt2").Weights;
        var fused = golden["transformer.h.1.attn.c_attn.weight"];
        var up = golden["transformer.h.1.mlp.c_fc.weight"];

        Assert.Equal(At(48, 48, (o, i) => fused[i * 144 + 48 + o]), Read(weights, "layers.1.self_attn.k_proj.weight"));
        Assert.Equal(At(192, 48, (o, i) => up[i * 192 + o]), Read(weights, "layers.1.mlp.up_proj.weight"));
        Assert.Equal(golden["transformer.h.1.attn.c_attn.bias"][96..], Read(weights, "layers.1.self_attn.v_proj.bias"));
        Assert.Equal(golden["transformer.wpe.weight"], Read(weights, DecoderTensors.PositionEmbedding));
    }

    [Fact]
    public void Locate_GptNeoX_TakesEachHeadsPart()
    {
        const int Heads = 4, HeadSize = 16, Hidden = 64;
        var golden = Goldens.Tensors("models/gpt_neox/model.safetensors");
        using var weights = Goldens.LoadModel("gpt_neox").Weights;
        var fused = golden["gpt_neox.layers.0.attention.query_key_value.weight"];
        var bias = golden["gpt_neox.layers.0.attention.query_key_value.bias"];
        string[] parts = ["q", "k", "v"];
        for (var part = 0; part < parts.Length; part++)
        {
            int SourceRow(int row) => row / HeadSize * 3 * HeadSize + part * HeadSize + row % HeadSize;

            Assert.Equal(
                At(Heads * HeadSize, Hidden, (o, i) => fused[SourceRow(o) * Hidden + i]),
                Read(weights, $"layers.0.self_attn.{parts[part]}_proj.weight"));
            Assert.Equal(
                At(Heads * HeadSize, 1, (o, _) => bias[SourceRow(o)]), Read(weights, $"layers.0.self_attn.{parts[part]}_proj.bias"));
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("gpt_neox")]
    [InlineData("llama_bf16")]
    public void ReadRow_EveryRow_IsTheRowOfTheWhole(string name)
    {
        var model = Goldens.LoadModel(name);
        using var weights = model.Weights;
        foreach (var (tensor, shape) in model.Spec.Tensors())
        {
            var whole = Read(weights, tensor);
            var row = new float[whole.Length / shape[0]];
            for (var i = 0; i < shape[0]; i++)
            {
                weights.ReadRow(tensor, i, row);
                Assert.Equal(whole[(i * row.Length)..((i + 1) * row.Length)], row);
            }
        }
    }

    [Fact]
    public void Read_BFloat16_IsTheRoundedOriginal()
    {
        using var rounded = Goldens.LoadModel("llama_bf16").Weights;
        using var original = Goldens.LoadModel("llama").Weights;

        var expected = Read(original, DecoderTensors.TokenEmbedding).Select(v =>
        {
            var bits = BitConverter.SingleToUInt32Bits(v);
            return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
        });

        Assert.Equal(expected, Read(rounded, DecoderTensors.TokenEmbedding));
    }

    [Fact]
    public void Read_Float16_IsTheRoundedOriginal()
    {
        using var rounded = Goldens.LoadModel("gpt2_f16").Weights;
        using var original = Goldens.LoadModel("gpt2").Weights;

        const string Name = "layers.0.mlp.down_proj.weight";
        Assert.Equal(Read(original, Name).Select(v => (float)(Half)v), Read(rounded, Name));
    }

    private static float[] At(int rows, int columns, Func<int, int, float> value) =>
        [.. Enumerable.Range(0, rows * columns).Select(i => value(i / columns, i % columns))];

    private static float[] Read(IModelWeights weights, string name)
    {
        var values = new float[weights.Shape(name).Aggregate(1, (count, size) => count * size)];
        weights.Read(name, values);
        return values;
    }
}
