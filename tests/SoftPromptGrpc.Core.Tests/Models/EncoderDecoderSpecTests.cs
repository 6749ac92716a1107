using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Tests.Models;

public sealed class EncoderDecoderSpecTests
{
    [Theory]
    [InlineData(0, 15)]
    [InlineData(16, 15)]
    [InlineData(17, -1)]
    public void RoomBehind_Input_LeavesTheOutputItsOwnContext(int input, int room) =>
        Assert.Equal(room, SmallSpec.EncoderDecoder.RoomBehind(input));

    [Fact]
    public void RequireInput_WhatTheEncoderCannotRead_IsRefused()
    {
        var (spec, rows) = (SmallSpec.EncoderDecoder, new SoftPrompt(2, 8, new float[16], "print"));

        spec.RequireInput(rows, []);
        spec.RequireInput(rows, new int[14]);
        Assert.Throws<ArgumentException>(() => spec.RequireInput(null, []));
        Assert.Throws<ArgumentException>(() => spec.RequireInput(rows, new int[15]));
        Assert.Throws<ArgumentException>(() => spec.RequireInput(null, [10]));
    }

    [Fact]
    public void Tensors_EverySetting_HasItsTensors()
    {
        var names = SmallSpec.EncoderDecoder.Tensors().Select(t => t.Name).ToList();

        Assert.Contains("encoder.relative_positions.weight", names);
        Assert.Contains("decoder.layers.1.cross_attn.q_proj.weight", names);
        Assert.DoesNotContain(names, name => name.StartsWith("encoder.layers.0.cross_attn", StringComparison.Ordinal));
        Assert.DoesNotContain("lm_head.weight", names);
        Assert.Equal(names.Distinct(), names);
    }
}
