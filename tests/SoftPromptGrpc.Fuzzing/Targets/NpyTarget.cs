using System.Text;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.Fuzzing.Targets;

internal sealed class NpyTarget : IFuzzTarget
{
    public string Name => "npy";

    public IReadOnlyList<byte[]> Seeds { get; } = [Array("'<f4'", "(3, 8)", 96), Array("'<f2'", "(3, 8)", 48), Array("'<f8'", "(24, )", 192)];

    public IReadOnlyList<byte[]> Tokens { get; } =
        [.. new[] { "'<f4'", "'>f8'", "'|O'", "True", "False", "(1,)", "()", "'shape':", "99999999999" }.Select(Encoding.ASCII.GetBytes)];

    public bool Read(byte[] bytes) => Refusal.OrSuccess(bytes.Length, () => NpyPrompt.Read(bytes));

    private static byte[] Array(string type, string shape, int length)
    {
        var header = $"{{'descr': {type}, 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY\x01\0"u8, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. new byte[length]];
    }
}
