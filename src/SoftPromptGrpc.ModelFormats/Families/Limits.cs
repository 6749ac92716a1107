using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>The largest sizes that a config.json may ask for, above any real model: heads times head size, say, stays an int.</summary>
internal static class Limits
{
    public const int HiddenSize = 1 << 17;
    public const int Layers = 1 << 10;
    public const int Heads = 1 << 12;
    public const int HeadSize = 1 << 12;
    public const int MlpSize = 1 << 20;
    public const int Buckets = 1 << 12;

    public static int Divide(string wholeKey, int whole, string partsKey, int parts) => whole % parts == 0
        ? whole / parts
        : throw new SoftPromptException(ErrorKind.Corrupt, $"'{wholeKey}' in config.json is not a multiple of '{partsKey}'.");
}
