using System.Text;
using CsCheck;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.ModelFormats.Tests.Adapters;

public sealed class NpyPromptTests
{
    private static readonly SoftPrompt Prompt = new(2, 3, [1, -2, 0.5f, 4, 5e-30f, 6], "fingerprint");

    /// <summary>numpy.save of the same array, header included: 128 bytes, then the numbers.</summary>
    private static readonly byte[] Saved =
    [
        0x93, .. "NUMPY"u8, 1, 0, 118, 0,
        .. Encoding.ASCII.GetBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".PadRight(117) + "\n"),
        .. Prompt.Bytes,
    ];

    [Fact]
    public void Write_Prompt_GivesNumPysBytes()
    {
        using var stream = new MemoryStream();

        NpyPrompt.Write(Prompt, stream);

        Assert.Equal(Saved, stream.ToArray());
    }

    [Fact]
    public void Read_SavedByNumPy_IsTheSameBits()
    {
        var prompt = NpyPrompt.Read(Saved);

        Assert.Equal((2, 3), (prompt.VirtualTokens, prompt.HiddenSize));
        Assert.Equal(Prompt.Values.ToArray(), prompt.Values);
    }

    [Fact]
    public void Read_Version2OfFloat16_IsConverted()
    {
        var header = "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2)}\n"u8;
        byte[] npy = [0x93, .. "NUMPY"u8, 2, 0, (byte)header.Length, 0, 0, 0, .. header, 0x00, 0x3E, 0x00, 0xC0];

        Assert.Equal([1.5f, -2f], NpyPrompt.Read(npy).Values);
    }

    [Theory]
    [InlineData("'<f4'", "'|O'", ErrorKind.Invalid)]
    [InlineData("'<f4'", "'>f4'", ErrorKind.Unsupported)]
    [InlineData("'<f4'", "'<f8'", ErrorKind.Unsupported)]
    [InlineData("False", "True", ErrorKind.Unsupported)]
    [InlineData("(2, 3)", "(6,)", ErrorKind.Unsupported)]
    [InlineData("(2, 3)", "(1, 2, 3)", ErrorKind.Unsupported)]
    [InlineData("(2, 3)", "(2, 4)", ErrorKind.Corrupt)]
    [InlineData("(2, 3)", "(0, 3)", ErrorKind.Corrupt)]
    [InlineData("(2, 3)", "(-2, 3)", ErrorKind.Corrupt)]
    [InlineData("(2, 3)", "(2000000000, 2000000000)", ErrorKind.Corrupt)]
    [InlineData("(2, 3)", "(99999999999, 3)", ErrorKind.Corrupt)]
    [InlineData("'shape'", "'form'", ErrorKind.Corrupt)]
    [InlineData(", }", ", 'x': __import__('os')}", ErrorKind.Corrupt)]
    public void Read_OtherHeader_IsRefused(string from, string to, ErrorKind kind)
    {
        var header = Encoding.ASCII.GetString(Saved, 10, 118).Replace(from, to, StringComparison.Ordinal).TrimEnd().PadRight(117) + "\n";

        Refusal.Of(kind, () => NpyPrompt.Read([.. Saved[..10], .. Encoding.ASCII.GetBytes(header), .. Saved[128..]]));
    }

    [Fact]
    public void Read_EveryTruncation_IsCorrupt()
    {
        for (var length = 0; length < Saved.Length; length++)
            Refusal.Of(ErrorKind.Corrupt, () => NpyPrompt.Read(Saved.AsSpan(0, length)));
    }

    [Fact]
    public void Read_RandomBytesChanged_ReadsOrRefuses()
    {
        var outcomes = new HashSet<bool>();

        Gen.Select(Gen.Int[0, Saved.Length - 1], Gen.Byte).Array[1, 4].Sample(
            list =>
            {
                var bytes = (byte[])Saved.Clone();
                foreach (var (at, value) in list)
                    bytes[at] = value;
                outcomes.Add(Refusal.OrSuccess(() => NpyPrompt.Read(bytes)));
            },
            iter: 5_000, threads: 1);

        Assert.Equal(2, outcomes.Count);
    }
}
